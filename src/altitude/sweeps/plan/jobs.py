"""The jobs of a sweep: composed once, named by swept values, identified by their config."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from altitude.composition.packed_config import PackedConfig
from altitude.composition.running_config import running_config
from altitude.sweeps.job_record import named
from altitude.sweeps.plan.space import Compose, short_names, value_at

NEUTRAL = ("hydra", "output_dir", "sweep", "tracking", "dataset.data_dir")
"""Keys that say where something lies, what it is called or how it is watched: two jobs that differ
in nothing else compute the same."""

IDENTITY_LENGTH = 12


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a sweep.

    Attributes:
        number: Its place in the sweep, counted from 0.
        overrides: All overrides that it is composed with.
        swept: The values of the swept parameters, by short name.
        identity: The hash of everything that determines its result.
        packed: The composed config, with Hydra's own node.
        callbacks: Config nodes of callbacks that a search adds when the job runs, by name.
    """

    number: int
    overrides: tuple[str, ...]
    swept: Mapping[str, Any]
    identity: str
    packed: PackedConfig
    callbacks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The swept values in one line: `learning_rate=0.001 patience=3`."""
        return named(self.swept)

    @property
    def config(self) -> DictConfig:
        """A copy of the composed config, with Hydra's own node."""
        return self.packed.unpack()


def compose_jobs(
    combinations: Sequence[Sequence[str]], keys: Sequence[str], compose: Compose
) -> list[Job]:
    """Composes jobs, which are numbered from 0.

    Args:
        combinations: The overrides of each job.
        keys: The keys that are swept.
        compose: Composes a config, with Hydra's own node.

    Returns:
        One job for each combination, in the same order.
    """
    names = short_names(keys)
    return [
        _compose(number, overrides, names, compose) for number, overrides in enumerate(combinations)
    ]


def _compose(
    number: int, overrides: Sequence[str], names: Mapping[str, str], compose: Compose
) -> Job:
    config = compose(overrides)
    texts = dict(_key_and_text(override) for override in overrides)
    values = {key: value_at(config, key, texts[key]) for key in names if key in texts}
    return Job(
        number=number,
        overrides=tuple(overrides),
        swept={names[key]: value for key, value in values.items()},
        identity=identity(config, values),
        packed=PackedConfig.of(config),
    )


def _key_and_text(override: str) -> tuple[str, str]:
    parsed = OverridesParser.create().parse_override(override)
    return str(parsed.key_or_group), str(parsed.get_value_element_as_str())


def number_job(config: DictConfig, number: int) -> None:
    """Writes the number of a job into its config, where Hydra users look for it.

    Args:
        config: The composed config of the job, with Hydra's own node.
        number: Its place in the sweep, counted from 0.
    """
    with open_dict(config):
        config.hydra.job.num = number
        config.hydra.job.id = f"{config.hydra.job.name}_{number}"


def identity(config: DictConfig, swept: Mapping[str, Any]) -> str:
    """Returns a hash of what a job computes.

    It covers the resolved config without paths, names and tracking.

    Args:
        config: The composed config.
        swept: The values of the swept keys, which are hashed even if they are paths.
    """
    settings = _resolved(config)
    for key in NEUTRAL:
        _remove(settings, key.split("."))
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
