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

from altitude.config_path import config_directory
from altitude.errors import ConfigError, Problem, did_you_mean
from altitude.loops.fit import NO_STEP

GROUPS_OF_HYDRA = ("hydra",)
REFUSALS = (HydraException, OmegaConfBaseException, ValueError)
"""What Hydra raises for overrides that do not fit; ValueError for `dataset=null` and the like."""


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

    Raises:
        ConfigError: If `config_dir` is no folder.
    """
    with initialize_config_dir(str(config_directory()), version_base="1.3"):
        if config_dir is not None:
            _add_to_search_path(Path(config_dir).resolve())

        def attempt(chosen: Sequence[str]) -> DictConfig:
            return compose(config_name, list(chosen))

        try:
            return attempt(overrides), []
        except REFUSALS:
            return _without_misfits(attempt, overrides)


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
        except REFUSALS as error:
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
    if not key:
        return Problem(override, override, "a key before the =", "key=value")
    value = override.partition("=")[2]
    if parsed.is_sweep_override():
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        return Problem(key, value, expected, f"altitude -m {override}")
    if key in groups():
        options = GlobalHydra.instance().config_loader().get_group_options(key)
        if value and value not in options:
            return Problem(key, value, f"one of {', '.join(options)}", did_you_mean(value, options))
    if key.startswith("loop.step.") and OmegaConf.select(config, "loop.step") is None:
        return Problem(key, value, *NO_STEP)
    if _is_unknown_key(parsed, config):
        return _unknown_key(override, key, config)
    return Problem(key, value, _first_line(error.__cause__ or error))


def _is_unknown_key(parsed: Override, config: DictConfig) -> bool:
    missing = object()
    found: Any = OmegaConf.select(
        config, parsed.key_or_group, default=missing, throw_on_missing=False
    )
    return found is missing and not parsed.is_add()


def _unknown_key(override: str, key: str, config: DictConfig) -> Problem:
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    if isinstance(node, DictConfig):
        names = sorted({*map(str, node), *([] if parent else groups())})
        expected = f"a key of `{parent}`: " if parent else "one of "
        near = did_you_mean(name, names).replace("`", f"`{parent}.", 1 if parent else 0)
        instead = near or f"+{override} to add it"
        return Problem(key, "an unknown key", expected + ", ".join(names), instead)
    instead = did_you_mean(key, sorted(_keys(config))) or f"+{override} to add it"
    expected = f"a key of something that is there: `{parent}` is not"
    return Problem(key, "an unknown key", expected, instead)


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for name in map(str, node):
        key = f"{prefix}{name}"
        yield key
        child = node._get_node(name)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            yield from _keys(child, f"{key}.")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0]
