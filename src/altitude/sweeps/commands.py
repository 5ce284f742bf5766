"""Commands that are printed for a user to run: each composes again what this process composed."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from altitude.composition.source import ConfigSource

if TYPE_CHECKING:
    from altitude.sweeps.plan.jobs import Job

FRESH = "sweep.fresh"
MULTIRUN = "hydra.mode=MULTIRUN"

OF_SWEEPS = ("hydra.sweep", "hydra/sweep", "hydra.launcher", "hydra/launcher")
"""Overrides of Hydra's own node, by how they begin, that mean nothing to one job alone."""


def training_command(job: "Job") -> str:
    """Returns the command that trains one job of a sweep alone.

    Args:
        job: A job of the sweep.
    """
    hydra = [o for o in _hydra_overrides(job.config) if not _key(o).startswith(OF_SWEEPS)]
    single = ["hydra.mode=RUN"] if _is_a_sweep_by_itself(job.config) else []
    return command_line(job.config, [*job.overrides, *hydra, *single])


def sweep_command(config: DictConfig, overrides: Sequence[str]) -> str:
    """Returns the command that runs a sweep, or resumes it.

    Args:
        config: The composed config, with Hydra's own node.
        overrides: The overrides that were typed.
    """
    typed = [override for override in overrides if _key(override) != FRESH]
    return command_line(config, ["-m", *typed, *_hydra_overrides(config)])


def command_line(config: DictConfig, arguments: Sequence[str]) -> str:
    """Returns a command as it can be typed in the same folder, with the flags that name the config.

    Args:
        config: The composed config, with Hydra's own node.
        arguments: Flags and overrides.
    """
    return shlex.join(["altitude", *ConfigSource.of(config).flags(), *arguments])


def _hydra_overrides(config: DictConfig) -> list[str]:
    """Overrides of Hydra's own node as they were typed, without the mode, which a flag says."""
    return [override for override in _typed(config) if _key(override) != "hydra.mode"]


def _typed(config: DictConfig) -> list[str]:
    """As they were typed: interpolations in them stand for values that only a job has."""
    overrides: Any = OmegaConf.to_container(config.hydra.overrides.hydra, resolve=False)
    return [str(override) for override in overrides]


def _is_a_sweep_by_itself(config: DictConfig) -> bool:
    """Whether its recipe is a sweep, or its primary config: one job must say that it is none."""
    hydra = config.hydra
    asked = MULTIRUN in _typed(config)
    return bool(hydra.sweeper.params) or (hydra.mode is not None and not asked)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
