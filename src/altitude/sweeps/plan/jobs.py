"""The jobs of a sweep: composed once, named by swept values, identified by their config."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, open_dict

from altitude.composition.packed_config import PackedConfig
from altitude.sweeps.job_record import named
from altitude.sweeps.plan.identity import deciding_settings, identity
from altitude.sweeps.plan.space import Compose, short_names, value_at
from altitude.sweeps.plan.trajectories import Trajectory, find_trajectory


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
        trajectory: What decides its weights in each epoch; None if it is trained alone.
    """

    number: int
    overrides: tuple[str, ...]
    swept: Mapping[str, Any]
    identity: str
    packed: PackedConfig
    callbacks: Mapping[str, Any] = field(default_factory=dict)
    trajectory: Trajectory | None = None

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
    settings = deciding_settings(config)
    return Job(
        number=number,
        overrides=tuple(overrides),
        swept={names[key]: value for key, value in values.items()},
        identity=identity(settings, values),
        packed=PackedConfig.of(config),
        trajectory=find_trajectory(settings),
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
