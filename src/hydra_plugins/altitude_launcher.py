"""The launcher of local processes that Hydra finds; its code is in `altitude.sweeps`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class LocalLauncher(Launcher):
    """Runs jobs in processes of this machine.

    Args:
        n_jobs: The number of jobs at a time; -1 for one a core.

    Attributes:
        listen: Called with the position of a job and its return, as each one ends.
        parallel: The number of jobs that run at a time.
    """

    def __init__(self, n_jobs: int = 1) -> None:
        super().__init__()
        self.n_jobs = n_jobs
        self.listen: Callable[[int, JobReturn], None] = lambda _position, _returned: None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Stores what Hydra has composed."""
        from altitude.sweeps.run.local_jobs import LocalJobs, number_of_jobs

        self.hydra_context = hydra_context
        self.config = config
        self.parallel = number_of_jobs(self.n_jobs)
        self._jobs = LocalJobs(
            self.parallel,
            Path(str(config.hydra.sweep.dir)),
            hydra_context,
            task_function,
            imports_early=not config.hydra.job.env_set,
        )

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs jobs, waits for them, and returns their returns in order."""
        load = self.hydra_context.config_loader.load_sweep_config
        configs = [load(self.config, list(overrides)) for overrides in job_overrides]
        return self._jobs.run(configs, initial_job_idx, self.listen)

    def prepare(self, count: int) -> None:
        """Starts processes ahead of their jobs.

        Args:
            count: The number of jobs.
        """
        self._jobs.start(count)

    def close(self) -> None:
        """Ends the processes."""
        self._jobs.close()
