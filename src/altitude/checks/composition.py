"""Composing a config from overrides, with every override that does not fit as a problem."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from altitude.compose import config_directory
from altitude.errors import Problem, did_you_mean

GROUPS_OF_HYDRA = ("hydra",)


def compose_config(
    overrides: Sequence[str],
    config_dir: str | Path | None = None,
    config_name: str = "config",
) -> tuple[DictConfig, list[Problem]]:
    """Composes the config, leaving out overrides that do not fit.

    Args:
        overrides: Hydra overrides; none of them may be a sweep.
        config_dir: A folder with config groups of the user's own.
        config_name: The primary config.

    Returns:
        The config of all overrides that fit, and a problem for each that does not.
    """
    search = (
        [] if config_dir is None else [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"]
    )
    with initialize_config_dir(str(config_directory()), version_base="1.3"):

        def attempt(chosen: Sequence[str]) -> DictConfig:
            return compose(config_name, [*search, *chosen])

        try:
            return attempt(overrides), []
        except (HydraException, OmegaConfBaseException):
            return _without_misfits(attempt, overrides)


def variants(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Plain overrides that stand for those of a sweep: every value of each sweep occurs in one.

    Args:
        overrides: Hydra overrides, some of which sweep over values.
    """
    values = [_values(text) for text in overrides]
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
    if not parsed.is_sweep_override() or not parsed.is_discrete_sweep():
        return [override]
    key = override.partition("=")[0]
    return ["=".join([key, str(value)]) for value in parsed.sweep_string_iterator()]


def _without_misfits(
    attempt: Callable[[Sequence[str]], DictConfig], overrides: Sequence[str]
) -> tuple[DictConfig, list[Problem]]:
    """Adds the overrides one by one; choices of groups first, since they bring the keys."""
    config, problems = attempt([]), []
    fitting: list[str] = []
    for override in sorted(overrides, key=lambda text: not _chooses_group(text)):
        try:
            config = attempt([*fitting, override])
            fitting.append(override)
        except (HydraException, OmegaConfBaseException) as error:
            problems.append(_explain(override, error, config))
    return config, problems


def _chooses_group(override: str) -> bool:
    key = re.split("[=@]", override.lstrip("+~"))[0]
    return key in groups()


def groups() -> list[str]:
    """Names of all config groups, those of the user included."""
    loader = GlobalHydra.instance().config_loader()
    return [g for g in loader.list_groups("") if g not in GROUPS_OF_HYDRA]


def _explain(override: str, error: Exception, config: DictConfig) -> Problem:
    try:
        parsed = OverridesParser.create().parse_override(override)
    except HydraException as syntax_error:
        return Problem(override, override, _first_line(syntax_error), "key=value")
    key = parsed.key_or_group
    value = override.partition("=")[2]
    if parsed.is_sweep_override():
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        return Problem(key, value, expected, f"altitude -m {override}")
    if key in groups():
        options = GlobalHydra.instance().config_loader().get_group_options(key)
        if value and value not in options:
            return Problem(key, value, f"one of {', '.join(options)}", did_you_mean(value, options))
    if _is_unknown_key(parsed, config):
        known = sorted(_keys(config)) if "." in key else [*groups(), *map(str, config)]
        near = [k for k in known if k.rpartition(".")[0] == key.rpartition(".")[0]] or known
        names = sorted({k.rpartition(".")[2] for k in near})
        parent = key.rpartition(".")[0]
        expected = (
            f"a key of `{parent}`: {', '.join(names)}" if parent else f"one of {', '.join(names)}"
        )
        return Problem(
            key, "an unknown key", expected, did_you_mean(key, known) or f"+{override} to add it"
        )
    return Problem(key, value, _first_line(error.__cause__ or error))


def _is_unknown_key(parsed: Override, config: DictConfig) -> bool:
    missing = object()
    found: Any = OmegaConf.select(
        config, parsed.key_or_group, default=missing, throw_on_missing=False
    )
    return found is missing and not parsed.is_add()


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for name in node:
        key = f"{prefix}{name}"
        yield key
        child = node._get_node(str(name))
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            yield from _keys(child, f"{key}.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
