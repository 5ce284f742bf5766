"""Explains overrides that Hydra refuses."""

import math
from collections.abc import Mapping
from difflib import get_close_matches

import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from altitude.config.bare_words import explain_bare_word, groups
from altitude.config.selection import selected
from altitude.config.suggestions import UNKNOWN, did_you_mean_one_of, suggested_keys
from altitude.errors import Problem, did_you_mean
from altitude.loops.fit import NO_STEP

LAUNCHER, SWEEPER = "hydra/launcher", "hydra/sweeper"
LAUNCHERS: Mapping[str, str] = {"ray": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
"""The extra that brings each of the launchers that are not always there."""

TO_ADD = "to add it"
NOTHING = object()


def explain(override: str, error: Exception, config: DictConfig) -> Problem:
    """Explains why Hydra refused an override.

    Args:
        override: The override that was typed.
        error: The exception that Hydra raised.
        config: The config composed of the overrides that are valid.

    Returns:
        The problem, with the nearest valid override where there is one.
    """
    try:
        parsed = OverridesParser.create().parse_override(override)
    except HydraException as syntax_error:
        return _not_an_override(override, syntax_error, config)
    key = parsed.key_or_group
    if not key:
        return Problem(override, override, "a key before the =", "key=value")
    value = override.partition("=")[2]
    if key in (LAUNCHER, SWEEPER):
        return _unknown_plugin(key, value)
    if key.startswith("loop.step.") and selected(config, "loop.step", NOTHING) is None:
        return Problem(key, value, *NO_STEP)
    if key not in groups() and _is_unknown_key(parsed, config):
        return _unknown_key(override, key, config)
    if parsed.is_sweep_override():
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        return Problem(key, value, expected, f"altitude -m {override}")
    if key in groups():
        options = GlobalHydra.instance().config_loader().get_group_options(key)
        if value and value not in options:
            return Problem(key, value, f"one of {', '.join(options)}", did_you_mean(value, options))
    node = selected(config, key)
    if isinstance(node, DictConfig) and "ListConfig" in _first_line(error.__cause__ or error):
        return Problem(key, value, "a mapping, not a list", f"'{key}={_flow(node)}'")
    return Problem(key, value, _first_line(error.__cause__ or error))


def _not_an_override(text: str, error: HydraException, config: DictConfig) -> Problem:
    if "=" not in text and not text.startswith("~"):
        if text not in groups() and _is_a_setting(text, config):
            return Problem(text, text, "a value behind the key", f"{text}=...")
        return explain_bare_word(text)
    return Problem(text, text, _first_line(error), "key=value")


def _is_a_setting(text: str, config: DictConfig) -> bool:
    return text not in ("", "hydra") and selected(config, text, NOTHING) is not NOTHING


def _unknown_plugin(key: str, value: str) -> Problem:
    """Explains an unknown launcher or sweeper, which may not be installed."""
    if value in LAUNCHERS:
        install = f"pip install 'keras-altitude[{LAUNCHERS[value]}]'"
        return Problem(key, value, "a launcher that is installed", install)
    options = GlobalHydra.instance().config_loader().get_group_options(key)
    return Problem(key, value, f"one of {', '.join(options)}", did_you_mean(value, options))


def _flow(node: DictConfig) -> str:
    """A mapping as it is typed, such as `{accuracy: {_target_: keras.metrics.Accuracy}}`."""
    plain = OmegaConf.to_container(node)
    return yaml.safe_dump(plain, default_flow_style=True, width=math.inf, sort_keys=False).strip()


def _is_unknown_key(parsed: Override, config: DictConfig) -> bool:
    return not parsed.is_add() and selected(config, str(parsed.key_or_group), NOTHING) is NOTHING


def _unknown_key(override: str, key: str, config: DictConfig) -> Problem:
    parent, _, _ = key.rpartition(".")
    node = selected(config, parent) if parent else config
    keys = suggested_keys(key, config)
    if not parent:
        names = sorted({*map(str, config), *groups()} - {"hydra"})
        keys = keys or get_close_matches(key, names, n=1)
        expected = f"one of {', '.join(names)}"
    elif isinstance(node, DictConfig):
        expected = f"a key of `{parent}`: {', '.join(sorted(map(str, node)))}"
    else:
        expected = f"a key of something that is there: `{parent}` is not"
    add = f"+{override} {TO_ADD}" if isinstance(node, DictConfig) and parent else ""
    return Problem(key, UNKNOWN, expected, did_you_mean_one_of(keys) or add)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0]
