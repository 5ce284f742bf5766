"""The configs of a sweep's jobs as they were when it started."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from altitude.composition.running_config import running_config
from altitude.sweeps.plan.jobs import Job, number_job


class JobConfigStore:
    """Replaces Hydra's config loader in launchers, so that jobs are not composed again.

    Configs are stored in files, so that a launcher that sends this object elsewhere sends little.

    Args:
        folder: The folder of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[tuple[str, ...], Path] = {}
        self._owners: dict[str, int] = {}

    def save(self, job: Job, tracking: Mapping[str, Any], attempt: int = 1) -> None:
        """Keeps a job's config.

        Args:
            job: The job.
            tracking: Settings of the group `tracking` that it gets.
            attempt: The number of the attempt, counted from 1; each has its own folder.
        """
        config = job.config
        with open_dict(config):
            config.tracking.update(tracking)
            for name, node in job.callbacks.items():  # behind the user's own
                OmegaConf.update(config, f"callbacks.{name}", dict(node))
            config.hydra.sweep.dir = str(self._folder.parent)
        number_job(config, job.number)
        name = self._subdir(config, job.number)
        suffix = "" if attempt == 1 else f"-{attempt}"
        with open_dict(config):
            config.hydra.sweep.subdir = name + suffix
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{job.number}{suffix}.pickle"
        path.write_bytes(pickle.dumps(config))
        self._paths[job.overrides] = path

    def _subdir(self, config: DictConfig, number: int) -> str:
        """`hydra.sweep.subdir` of a job, with its number where another job has the same folder."""
        with running_config(config):
            name = str(config.hydra.sweep.subdir)
        if self._owners.setdefault(name, number) == number:
            return name
        return f"{name}-{number}"

    def load_sweep_config(
        self,
        master_config: DictConfig,  # noqa: ARG002 - Hydra passes it
        sweep_overrides: Sequence[str],
    ) -> DictConfig:
        """Returns the config that was stored for these overrides. The name is Hydra's.

        Args:
            master_config: The config of the sweep, which is not used.
            sweep_overrides: The overrides of the job, as the config was stored with them.

        Raises:
            KeyError: If no config was stored for them.
        """
        path = self._paths[tuple(sweep_overrides)]
        config: DictConfig = pickle.loads(path.read_bytes())  # noqa: S301 - written above
        return config
