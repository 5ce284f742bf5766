"""Jobs of Hydra in processes of this machine."""

import functools
import os
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from altitude.composition.running_config import typed_overrides
from altitude.errors import JobError, TakenError
from altitude.failures import failure_reason
from altitude.internals.hydra import returned_by
from altitude.session import import_tensorflow
from altitude.sweeps.plan.jobs import number_job
from altitude.sweeps.run.workers import Task, TaskResult, Workers, nothing


def number_of_jobs(n_jobs: int) -> int:
    """Returns the number of jobs that run at a time.

    Args:
        n_jobs: The number asked for; a negative one stands for one job a core.

    Raises:
        ValueError: For 0.
    """
    if n_jobs == 0:
        raise ValueError("hydra.launcher.n_jobs=0: expected at least 1, or -1 for one a core")
    return n_jobs if n_jobs > 0 else len(os.sched_getaffinity(0))


class LocalJobs:
    """Runs jobs in workers.

    Args:
        count: The number of jobs at a time.
        folder: The folder for the workers' output.
        hydra_context: Hydra's context, which loads the configs of the jobs.
        task_function: Runs a job, given its config.
        imports_early: Whether workers import TensorFlow before they have a job; not if a job sets
            environment variables for it.
    """

    def __init__(
        self,
        count: int,
        folder: Path,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        *,
        imports_early: bool,
    ) -> None:
        self._workers = Workers(count, folder, import_tensorflow if imports_early else nothing)
        self._context = hydra_context
        self._task_function = task_function

    def start(self, count: int) -> None:
        """Starts workers ahead of their jobs, so that they can import in the meantime.

        Args:
            count: The number of workers.
        """
        self._workers.start(count)

    def run(
        self, configs: Sequence[DictConfig], first: int, listen: Callable[[int, JobReturn], None]
    ) -> list[JobReturn]:
        """Runs jobs in worker processes.

        Args:
            configs: The composed config of each job.
            first: The number of the first job.
            listen: Called with the position of a job and its return, as each one ends.

        Returns:
            The returns of the jobs, in order.

        Raises:
            KeyboardInterrupt: See `Workers.run`.
        """
        returns: dict[int, JobReturn] = {}

        def answered(position: int, result: TaskResult) -> None:
            died = bool(result.failure)
            returns[position] = (
                _job_return_of_the_dead(configs[position], result.failure) if died else result.value
            )
            listen(position, returns[position])

        tasks = [self._task(config, first + n) for n, config in enumerate(configs)]
        self._workers.run(tasks, answered)
        return [returns[position] for position in range(len(tasks))]

    def close(self) -> None:
        """Ends the workers."""
        self._workers.close()

    def _task(self, config: DictConfig, number: int) -> Task:
        if OmegaConf.is_missing(config.hydra.job, "num"):  # our sweeper has numbered its jobs
            number_job(config, number)
        state = Singleton.get_state()
        return functools.partial(_run, self._context, self._task_function, config, state)


def _run(
    context: HydraContext, task_function: TaskFunction, config: DictConfig, state: dict[Any, Any]
) -> JobReturn:
    """Runs one job, in a worker, as Hydra's own launchers do."""
    setup_globals()
    Singleton.set_state(state)
    HydraConfig.instance().set_config(config)
    returned = run_job(
        hydra_context=context,
        task_function=task_function,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    if returned.status is JobStatus.FAILED:
        returned.return_value = _portable(returned_by(returned))
    return returned


def _portable(error: Exception) -> Exception:
    """An error that the parent can read: classes of a job may not be importable there."""
    if isinstance(error, TakenError):
        return error
    failed = JobError(failure_reason(error))
    failed.add_note("".join(traceback.format_exception(error)))
    return failed


def _job_return_of_the_dead(config: DictConfig, failure: str) -> JobReturn:
    """What is known of a job whose process did not live to return anything."""
    returned = JobReturn()
    overrides: Any = typed_overrides(config.hydra)
    returned.overrides = overrides
    returned.task_name = config.hydra.job.name
    returned.status = JobStatus.FAILED
    returned.return_value = JobError(failure)
    return returned
