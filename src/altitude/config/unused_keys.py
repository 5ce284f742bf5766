"""Detects unused, removed and reserved keys of a config."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from altitude.calls.walk import walk
from altitude.config.bare_words import groups
from altitude.config.suggestions import UNKNOWN, did_you_mean_one_of, suggested_keys
from altitude.errors import Problem
from altitude.experiment.parts import READERS

READ = (*READERS, "output_dir", "sweep")
"""The keys at the top of a config that are read."""

INTERPOLATION = re.compile(r"\$\{([^}]*)")

OUTPUT, FOLDER = "output_dir", "hydra.run.dir"


def unused_keys(config: DictConfig, overrides: Sequence[str]) -> list[Problem]:
    """Finds top-level keys that are neither settings nor used in an interpolation.

    Keys with an underscore in front are for YAML's own anchors.

    Args:
        config: The composed config, with Hydra's own node.
        overrides: The overrides that it was composed with.

    Returns:
        One problem for each key.
    """
    others = {str(key) for key in config} - {*READ, "hydra"}
    unread = sorted(key for key in others - _interpolated(config) if not key.startswith("_"))
    return [_unread(key, config, overrides) for key in unread]


def removed_groups(config: DictConfig, overrides: Sequence[str]) -> list[Problem]:
    """Finds required groups that were removed.

    Args:
        config: The composed config.
        overrides: The overrides that it was composed with.

    Returns:
        One problem for each group.
    """
    removed = {str(o.key_or_group): o.input_line for o in parsed(overrides) if o.is_delete()}
    return [
        Problem(key, str(removed[key]), f"{key}=..., for every experiment has one", _without(key))
        for key in READ
        if key in removed and key not in config
    ]


def reserved_keys(overrides: Sequence[str]) -> list[Problem]:
    """Finds overrides of `output_dir`, which is set from Hydra's own folder.

    Args:
        overrides: The overrides that were typed.

    Returns:
        One problem for each such override.
    """
    expected = "nothing: it is the folder that Hydra makes for the run"
    return [
        Problem(OUTPUT, str(o.input_line), expected, f"{FOLDER}={o.get_value_element_as_str()}")
        for o in parsed(overrides)
        if o.key_or_group == OUTPUT and not o.is_delete() and not o.is_sweep_override()
    ]


def parsed(overrides: Sequence[str]) -> Iterator[Override]:
    """Parses the overrides that are well-formed.

    Args:
        overrides: The overrides that were typed.

    Yields:
        A parsed override; malformed ones are left out.
    """
    parser = OverridesParser.create()
    for override in overrides:
        try:
            yield parser.parse_override(override)
        except HydraException:
            continue  # reported where it is composed


def _interpolated(config: DictConfig) -> set[str]:
    """Returns all words in the interpolations of a config, which include the keys."""
    plain: Any = OmegaConf.to_container(config)
    inside = [part for _, text in walk("", plain) for part in _parts(text)]
    return {word for part in inside for word in re.findall(r"\w+", part)}


def _parts(value: Any) -> list[str]:
    return INTERPOLATION.findall(value) if isinstance(value, str) else []


def _unread(key: str, config: DictConfig, overrides: Sequence[str]) -> Problem:
    added = [o for o in parsed(overrides) if o.is_add() or o.is_force_add()]
    places = {str(o.package or o.key_or_group).partition(".")[0] for o in added}
    instead = did_you_mean_one_of(suggested_keys(key, config))
    if key not in places and key in groups():
        # A file of settings that lacks this line puts them below the name of its folder.
        instead = "# @package _global_, as the first line of its file"
    return Problem(key, UNKNOWN, "a key that something reads", instead)


def _without(key: str) -> str:
    options = GlobalHydra.instance().config_loader().get_group_options(key)
    if "none" in options:
        return f"{key}=none"
    return f"leave the ~{key} out"
