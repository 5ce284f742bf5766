"""Where the settings of runs differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from altitude.experiment import Experiment
from altitude.tracking.params import PLACES, leaves

SURROUNDINGS = ("git.", "version.", "host")
"""The beginnings of the tags that say with what a run was trained, and where."""

ABSENT = "-"
"""Stands for the value of a key that a run does not have."""


def differences(settings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Compares the settings of several runs.

    Args:
        settings: The settings of each run, by group. Where a run is written and what it is called
            is not compared.

    Returns:
        For each dotted key whose values are not all the same, the value of each run as text; `-`
        where the run has no such key.
    """
    flat = [_leaves(each) for each in settings]
    keys = dict.fromkeys(key for each in flat for key in each)
    rows = {key: tuple(each.get(key, ABSENT) for each in flat) for key in keys}
    return {key: values for key, values in rows.items() if len(set(values)) > 1}


def from_defaults(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Compares the settings of a run with the defaults.

    Args:
        settings: The settings of the run, by group.

    Returns:
        For each dotted key that differs, the value of the run and the default.
    """
    return differences([settings, Experiment().settings()])


def _leaves(settings: Mapping[str, Any]) -> dict[str, str]:
    folder = str(settings.get("output_dir", ""))
    compared = {group: node for group, node in settings.items() if group not in PLACES}
    texts = {key: _text(value) for key, value in leaves(compared)}
    return {key: text.replace(folder, ".") if folder else text for key, text in texts.items()}


def _text(value: Any) -> str:
    """A value as it is written on the command line."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
