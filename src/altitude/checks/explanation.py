"""Why an override does not fit, and what to write instead."""

from collections.abc import Iterator, Mapping
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from altitude.errors import Problem, did_you_mean
from altitude.loops.fit import NO_STEP

GROUPS_OF_HYDRA = ("hydra",)
LAUNCHER = "hydra/launcher"
LAUNCHERS: Mapping[str, str] = {"ray": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
"""The extra that brings each of the launchers that are not always there."""


def groups() -> list[str]:
    """Names of all config groups, those of the user included."""
    loader = GlobalHydra.instance().config_loader()
    return [g for g in loader.list_groups("") if g not in GROUPS_OF_HYDRA]


def explain(override: str, error: Exception, config: DictConfig) -> Problem:
    """Tells what is wrong with an override that Hydra has refused.

    Args:
        override: As it was typed.
        error: What Hydra raised.
        config: The config of the overrides that fit.
    """
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
    if key == LAUNCHER and value in LAUNCHERS:
        install = f"pip install 'keras-altitude[{LAUNCHERS[value]}]'"
        return Problem(key, value, "a launcher that is installed", install)
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
