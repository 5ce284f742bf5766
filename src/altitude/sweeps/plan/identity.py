"""What identifies a job: a hash of everything that determines its result."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf, open_dict

from altitude.composition.running_config import running_config

NEUTRAL = ("hydra", "output_dir", "sweep", "tracking", "dataset.data_dir")
"""Keys that say where something lies, what it is called or how it is watched: two jobs that differ
in nothing else compute the same."""

IDENTITY_LENGTH = 12


def deciding_settings(config: DictConfig) -> dict[str, Any]:
    """Returns the settings that determine what a job computes.

    It is the resolved config without paths, names and tracking.

    Args:
        config: The composed config of the job, with Hydra's own node.
    """
    settings = _resolved(config)
    for key in NEUTRAL:
        _remove(settings, key.split("."))
    return settings


def identity(settings: Mapping[str, Any], swept: Mapping[str, Any]) -> str:
    """Returns a hash of what a job computes.

    Args:
        settings: The settings that determine it.
        swept: The values of the swept keys, which are hashed even if they are paths.
    """
    chosen = {key: value for key, value in swept.items() if key.startswith(NEUTRAL)}
    return digest([settings, chosen])


def digest(value: Any) -> str:
    """Returns a hash of plain values, the same in every process.

    Args:
        value: Lists, mappings and scalars; others are hashed by their text.

    Returns:
        Hexadecimal digits.
    """
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:IDENTITY_LENGTH]


def _resolved(config: DictConfig) -> dict[str, Any]:
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    with open_dict(own):
        own.output_dir = "."
    with running_config(config if "hydra" in config else None):
        # JSON's keys are texts: those of a class weight are numbers.
        return cast("dict[str, Any]", OmegaConf.to_container(own, resolve=True))


def _remove(settings: Any, path: Sequence[str]) -> None:
    for part in path[:-1]:
        settings = settings.get(part)
        if not isinstance(settings, dict):
            return
    settings.pop(path[-1], None)
