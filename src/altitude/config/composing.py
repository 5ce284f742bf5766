"""Composes configs, and reports invalid overrides."""

import re
from collections.abc import Callable, Iterator, Sequence

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob
from hydra.errors import HydraException
from omegaconf import DictConfig, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.composition.source import DEFAULT_SOURCE, ConfigSource
from altitude.composition.user_modules import make_importable
from altitude.config.bare_words import groups
from altitude.config.environment import numbers_as_text
from altitude.config.explanation import explain
from altitude.config.unused_keys import removed_groups, reserved_keys, unused_keys
from altitude.errors import Problem
from altitude.internals.hydra import hydra_with
from altitude.internals.hydra_loading import CachingLoader
from altitude.sweeps.plan.space import values_of

REFUSALS = (HydraException, OmegaConfBaseException, ValueError, TypeError, AssertionError)
"""What Hydra raises for overrides that do not fit; the last three for `dataset=null`, `loop=[1]`
and the like."""


def compose_config(
    overrides: Sequence[str],
    source: ConfigSource = DEFAULT_SOURCE,
    *,
    with_hydra: bool = False,
) -> tuple[DictConfig, list[Problem]]:
    """Composes a config without its invalid overrides.

    Args:
        overrides: Hydra overrides; none of them may be a sweep.
        source: The folders to compose from.
        with_hydra: Whether Hydra's own node is to be in it.

    Returns:
        The config of all overrides that fit; and a problem for each that does not, for each key
        that nothing reads, and for each group that was taken away.

    Raises:
        ConfigError: If a folder of `source` is not there, or what it holds cannot be composed.
    """
    make_importable(source.config_dir)
    with hydra_with(CachingLoader(source.search_path())):

        def attempt(chosen: Sequence[str]) -> DictConfig:
            return compose(source.config_name, list(chosen), return_hydra_config=True)

        try:
            config, problems = attempt(overrides), list[Problem]()
        except REFUSALS as error:
            config, problems = _without_invalid_overrides(attempt, overrides, error)
        problems += [*unused_keys(config, overrides), *removed_groups(config, overrides)]
        problems += numbers_as_text(config)
    problems += reserved_keys(overrides)
    if not with_hydra:
        with open_dict(config):
            del config["hydra"]
    return config, problems


def variants(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yields overrides of representative jobs of a sweep: each swept value occurs in one.

    Args:
        overrides: Hydra overrides, some of which sweep over values.
    """
    values = [options for text in overrides if (options := _values(text))]
    first = [options[0] for options in values]
    yield first
    for position, options in enumerate(values):
        for option in options[1:]:
            yield [*first[:position], option, *first[position + 1 :]]


def _values(override: str) -> list[str]:
    try:
        parsed = OverridesParser.create().parse_override(override)
    except HydraException:
        return [override]  # explained when it is composed
    if not parsed.is_sweep_override():
        return [override]
    if isinstance(parsed.value(), Glob):
        return []  # only a loader knows its options, which the jobs of the sweep are composed of
    return values_of(parsed)


def _without_invalid_overrides(
    attempt: Callable[[Sequence[str]], DictConfig], overrides: Sequence[str], refusal: Exception
) -> tuple[DictConfig, list[Problem]]:
    """Composes the overrides one by one, group choices first, and drops the invalid ones."""
    config, problems = attempt([]), list[Problem]()
    if len(overrides) == 1:
        return config, [explain(overrides[0], refusal, config)]
    fitting: list[str] = []
    for override in sorted(overrides, key=lambda text: not _chooses_group(text)):
        try:
            config = attempt([*fitting, override])
            fitting.append(override)
        except REFUSALS as error:
            problems.append(explain(override, error, config))
    return config, problems


def _chooses_group(override: str) -> bool:
    key = re.split("[=@]", override.lstrip("+~"))[0]
    return key in groups()
