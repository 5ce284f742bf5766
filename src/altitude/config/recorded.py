"""Reads the config that a run has left as its record."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from altitude.composition.source import DEFAULT_SOURCE, ConfigSource
from altitude.config.composing import compose_config
from altitude.config.reading import read_config
from altitude.config.unused_keys import parsed
from altitude.errors import ConfigError
from altitude.experiment import Experiment

UNTRACKED = {"_target_": "altitude.tracking.Untracked"}


def read_recorded(
    settings: Mapping[str, Any], output_dir: Path, overrides: Sequence[str] = ()
) -> Experiment:
    """Reads the recorded config of a run into an experiment.

    Args:
        settings: The content of the run's `config.yaml`.
        output_dir: The folder that takes the place of the recorded one, in all settings.
        overrides: How the experiment differs from the defaults, for its name and its record.

    Returns:
        The experiment, which passes the checks of one from the command line.

    Raises:
        ConfigError: If it cannot be read, such as when a class that it names is not there.
    """
    moved = _replaced(settings, str(settings.get("output_dir", "")), str(output_dir))
    reading = read_config(OmegaConf.create(dict(moved)), output_dir, overrides)
    if reading.experiment is None:
        raise ConfigError(reading.problems)
    return reading.experiment


def for_evaluation(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of a run without callbacks and tracking: it is not to train.

    Args:
        settings: The content of the run's `config.yaml`.
    """
    return {**settings, "callbacks": {}, "tracking": UNTRACKED}


def with_overrides(
    settings: Mapping[str, Any], overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE
) -> dict[str, Any]:
    """Returns the recorded settings of a run, changed by overrides as on the command line.

    `group=option` replaces a whole group by the option; `group.key=value` changes one value.

    Args:
        settings: The content of the run's `config.yaml`.
        overrides: What would be typed after `altitude`.
        source: What the options of groups are composed from.

    Returns:
        The changed settings, resolved.

    Raises:
        ConfigError: If an override is invalid; it lists all that are.
    """
    config, problems = compose_config(list(overrides), source)
    if problems:
        raise ConfigError(problems)
    changed = OmegaConf.create(copy.deepcopy(dict(settings)))
    for key in _keys(parsed(overrides)):
        OmegaConf.update(changed, key, OmegaConf.select(config, key), merge=False, force_add=True)
    plain = OmegaConf.to_container(changed, resolve=True)
    return {str(key): value for key, value in dict(plain).items()}  # type: ignore[arg-type]


def _keys(overrides: Iterable[Override]) -> list[str]:
    """The keys that overrides change, those of whole groups first."""
    keys = [str(override.key_or_group).replace("/", ".") for override in overrides]
    return sorted(dict.fromkeys(keys), key=lambda key: "." in key)


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return value.replace(old, new) if old and isinstance(value, str) else value
