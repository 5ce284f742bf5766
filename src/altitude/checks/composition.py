"""Composing a config from overrides, with every override that does not fit as a problem."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from altitude.checks.explanation import explain, groups
from altitude.config_path import config_directory
from altitude.errors import ConfigError, Problem
from altitude.sweeps.planning.space import values_of
from altitude.user_modules import make_importable

REFUSALS = (HydraException, OmegaConfBaseException, ValueError)
"""What Hydra raises for overrides that do not fit; ValueError for `dataset=null` and the like."""


def compose_config(
    overrides: Sequence[str],
    config_dir: str | Path | None = None,
    config_name: str = "config",
    *,
    with_hydra: bool = False,
) -> tuple[DictConfig, list[Problem]]:
    """Composes the config, leaving out overrides that do not fit.

    Args:
        overrides: Hydra overrides; none of them may be a sweep.
        config_dir: A folder with config groups of the user's own.
        config_name: The primary config.
        with_hydra: Whether Hydra's own node is to be in it.

    Returns:
        The config of all overrides that fit, and a problem for each that does not.

    Raises:
        ConfigError: If `config_dir` is no folder.
    """
    make_importable(config_dir)
    with _running_hydra_aside(), initialize_config_dir(str(config_directory()), version_base="1.3"):
        if config_dir is not None:
            _add_to_search_path(Path(config_dir).resolve())

        def attempt(chosen: Sequence[str]) -> DictConfig:
            return compose(config_name, list(chosen), return_hydra_config=with_hydra)

        try:
            return attempt(overrides), []
        except REFUSALS:
            return _without_misfits(attempt, overrides)


@contextmanager
def _running_hydra_aside() -> Iterator[None]:
    """Hydra takes one composition at a time; a sweep composes while its own is open."""
    hydra = GlobalHydra.instance()
    running, hydra.hydra = hydra.hydra, None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = running


def _add_to_search_path(folder: Path) -> None:
    """Lets Hydra find the user's groups and their options, to compose and to suggest them."""
    if not folder.is_dir():
        raise ConfigError([Problem("config_dir", str(folder), "a folder with config groups")])
    loader: Any = GlobalHydra.instance().config_loader()
    path = loader.get_search_path()
    path.prepend("config_dir", f"file://{folder}", anchor="schema")  # Hydra wants its schema last
    loader.repository.initialize_sources(path)


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
    return values_of(parsed) if parsed.is_sweep_override() else [override]


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
        except REFUSALS as error:
            problems.append(explain(override, error, config))
    return config, problems


def _chooses_group(override: str) -> bool:
    key = re.split("[=@]", override.lstrip("+~"))[0]
    return key in groups()
