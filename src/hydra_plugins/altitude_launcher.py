"""The launcher of local processes that Hydra finds: what it does is in `altitude.sweeps`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from altitude.sweeps.run.local_jobs import LocalJobs


class LocalLauncher(Launcher):
    """Runs jobs in processes of this machine.

    Args:
        n_jobs: How many at a time; -1 for one a core.

    Attributes:
        listen: Called with the position of each job and what it returned, as they come.
    """

    def __init__(self, n_jobs: int = 1) -> None:
        super().__init__()
        self.n_jobs = n_jobs
        self.listen: Callable[[int, JobReturn], None] = lambda _position, _returned: None
        self._jobs: LocalJobs | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes what Hydra has composed."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    @property
    def parallel(self) -> int:
        """How many jobs run at a time."""
        from altitude.sweeps.run.local_jobs import number_of_jobs

        return number_of_jobs(self.n_jobs)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs jobs and waits for them."""
        load = self.hydra_context.config_loader.load_sweep_config
        configs = [load(self.config, list(overrides)) for overrides in job_overrides]
        return self._local_jobs().run(configs, initial_job_idx, self.listen)

    def prepare(self, count: int) -> None:
        """Starts processes that are about to be needed.

        Args:
            count: How many jobs there are.
        """
        self._local_jobs().start(count)

    def close(self) -> None:
        """Ends the processes."""
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def _local_jobs(self) -> "LocalJobs":
        from altitude.sweeps.run.local_jobs import LocalJobs

        if self._jobs is None:
            self._jobs = LocalJobs(
                self.parallel,
                Path(str(self.config.hydra.sweep.dir)),
                self.hydra_context,
                self.task_function,
                imports_early=not self.config.hydra.job.env_set,
            )
        return self._jobs
