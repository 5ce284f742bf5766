"""Runs a sweep: launches the jobs that are missing until none is."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from altitude.errors import TakenError, TrackingError
from altitude.internals.hydra import returned_by
from altitude.sweeps.job_record import JobRecord
from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.plan.sharing import in_order_of_sharing
from altitude.sweeps.run.job_config_store import JobConfigStore
from altitude.sweeps.store.sweep_store import SweepStore
from altitude.tracking.waiting import LONGEST_WAIT, PAUSE_SECONDS

ADOPTED_SECONDS = 2.0
"""How often a job that another launch has begun is polled."""

BEGINNING_SECONDS = 30.0
"""How long to wait for jobs that a launcher has taken before it raised."""

STOPPING_SECONDS = 30.0
"""How long to wait for jobs that were asked to stop: they see it at their next heartbeat."""

FAILURES = ("FAILED", "KILLED")

T = TypeVar("T")


class SweepRunner:
    """Launches jobs until each has finished, or has used up its attempts.

    Whatever a launcher returns or raises, what counts is what the store knows.

    Args:
        sweep_store: The records of the jobs.
        launcher: Hydra's launcher, which runs the jobs.
        job_configs: The store in which the launcher finds their configs.
        retries: The number of times that a failed job is run again.
        fail_fast: Whether the first failure ends the sweep.
        batch_size: The number of jobs that the launcher is given at a time; None for all.
    """

    def __init__(
        self,
        sweep_store: SweepStore,
        launcher: Launcher,
        job_configs: JobConfigStore,
        *,
        retries: int = 0,
        fail_fast: bool = False,
        batch_size: int | None = None,
    ) -> None:
        self._sweep_store = sweep_store
        self._launcher = launcher
        self._job_configs = job_configs
        self._retries = retries
        self._fail_fast = fail_fast
        # One that runs a job at a time is given one, so that a failure is seen at once.
        self._batch_size = 1 if type(launcher).__name__ == "BasicLauncher" else batch_size
        self._attempts: Counter[str] = Counter()
        self._expecting_until = 0.0
        self._old: set[str | None] = set()
        self._failure = ""
        self.trouble = ""

    @property
    def parallel(self) -> int:
        """The number of jobs that the launcher runs at a time, as far as is known."""
        return int(getattr(self._launcher, "parallel", self._batch_size or 1))

    def begin(self) -> dict[str, JobRecord]:
        """Returns the records of earlier launches, by the identity of the job."""
        known = self._sweep_store.records()
        self._old = {record.run_id for record in known.values() if record.status in FAILURES}
        return known

    def stop_on_failure(self, records: Sequence[JobRecord]) -> None:
        """Asks jobs that run elsewhere to stop at the first failure, if `sweep.fail_fast` is set.

        Launchers other than ours return when all of a batch have ended, which would be too late.

        Args:
            records: The records of all jobs, as polled now.
        """
        if self._listens or not self._fail_fast or self._failure:
            return
        new = (o for o in records if o.status in FAILURES and o.run_id not in self._old)
        for failed in new:
            reason = f"sweep.fail_fast: job {failed.number} ({failed.name}) failed"
            self._sweep_store.ask_to_stop(reason)
            self._failure = reason
            return

    def to_repeat(self) -> frozenset[str]:
        """Returns the identities of the jobs that are run again if the current attempt fails."""
        if self._fail_fast:
            return frozenset()
        attempts = dict(self._attempts)  # another thread counts on
        return frozenset(key for key, count in attempts.items() if count <= self._retries)

    def wait_for_the_last(self) -> None:
        """Waits some time until the jobs that were asked to stop have done so."""
        _close(self._launcher)  # a process that is gone leaves no run that seems to go on
        give_up = time.monotonic() + STOPPING_SECONDS
        while time.monotonic() < give_up:
            if all(record.status != "RUNNING" for record in self._sweep_store.records().values()):
                return
            time.sleep(ADOPTED_SECONDS)

    def run(self, jobs: Sequence[Job]) -> dict[str, JobRecord]:
        """Runs jobs until each has ended, and waits for those that an earlier launch left running.

        Args:
            jobs: The jobs to run; those that have finished already are not run again.

        Returns:
            What is known of every job of the sweep, by its identity.

        Raises:
            FailFast: At the first failure, if that is asked for.
            KeyboardInterrupt: If it was interrupted; the jobs that ran have been, too.
            TrackingError: If the tracking store has not answered for ten minutes.
        """
        before = len(jobs)
        while True:
            records = retry(self._sweep_store.records)
            missing = [job for job in jobs if self._is_missing(job, records)]
            if missing:
                self._launch(missing)
            elif self._may_change({_status(job, records) for job in jobs}):
                time.sleep(ADOPTED_SECONDS)
            else:
                dropped = [job for job in jobs if _status(job, records) == "WAITING"]
                if not self.trouble or not 0 < len(dropped) < before:
                    return records
                # Some have begun, so the launcher works: the others go into its queue again. Those
                # that are in it still find that their job is done, and leave it.
                before = len(dropped)
                self._attempts.subtract(job.identity for job in dropped)

    def _may_change(self, statuses: set[str]) -> bool:
        """Whether jobs go on without us: a launch that died has left them, or an engine raised."""
        about_to_begin = "WAITING" in statuses and time.monotonic() < self._expecting_until
        return "RUNNING" in statuses or about_to_begin

    def _is_missing(self, job: Job, records: dict[str, JobRecord]) -> bool:
        open_for_another = self._attempts[job.identity] <= self._retries
        return _status(job, records) not in ("FINISHED", "RUNNING") and open_for_another

    def _launch(self, missing: Sequence[Job]) -> None:
        jobs = in_order_of_sharing(missing)
        retry(lambda: self._sweep_store.begin_again(jobs))
        for job in jobs:
            self._attempts[job.identity] += 1
            attempt = self._attempts[job.identity]
            self._job_configs.save(job, self._sweep_store.tracking_of(job), attempt)
        size = self._batch_size or len(jobs)
        for first in range(0, len(jobs), size):
            self._launch_batch(jobs[first : first + size])

    @property
    def _listens(self) -> bool:
        """Whether the launcher reports each job when it ends: ours does."""
        return hasattr(self._launcher, "listen")

    def _launch_batch(self, jobs: Sequence[Job]) -> None:
        returned_already: set[int] = set()

        def listen(position: int, returned: JobReturn) -> None:
            returned_already.add(position)
            self._take(jobs[position], returned)

        if self._listens:  # others pickle themselves with all that they have
            self._launcher.listen = listen  # type: ignore[attr-defined]
        try:
            returns = self._launcher.launch([list(job.overrides) for job in jobs], jobs[0].number)
        except Exception as error:  # noqa: BLE001 - one job that dies costs some launchers all returns
            self.trouble = f"{type(error).__name__}: {error}".splitlines()[0]
            self._expecting_until = time.monotonic() + BEGINNING_SECONDS
            self._require_no_failure()
            return
        for position in sorted(set(range(len(jobs))) - returned_already):
            listen(position, returns[position] if position < len(returns) else JobReturn())

    def _require_no_failure(self) -> None:
        self.stop_on_failure(list(retry(self._sweep_store.records).values()))
        if self._failure:
            raise FailFast(self._failure)

    def _take(self, job: Job, returned: JobReturn) -> None:
        if returned.status is JobStatus.COMPLETED:
            self._ended(job, None, returned.return_value)
        elif not isinstance(returned_by(returned), TakenError):  # another does it, or none may
            unknown = RuntimeError("the launcher does not say what became of it")
            self._ended(job, returned_by(returned) or unknown, None)

    def _ended(self, job: Job, error: Exception | None, value: Any) -> None:
        retry(lambda: self._sweep_store.returned(job, error, value))
        if error is not None and self._fail_fast:
            raise FailFast(f"sweep.fail_fast: job {job.number} ({job.name}) failed")


class FailFast(KeyboardInterrupt):
    """A job has failed, and that ends the sweep."""


def retry(ask: Callable[[], T]) -> T:
    """Asks the store, again after a pause if it does not answer.

    Args:
        ask: Asks the store.

    Returns:
        The answer.

    Raises:
        TrackingError: If it has not answered for `LONGEST_WAIT` seconds.
    """
    give_up = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            return ask()
        except TrackingError:
            if time.monotonic() > give_up:
                raise
        time.sleep(PAUSE_SECONDS)


def _status(job: Job, records: dict[str, JobRecord]) -> str:
    known = records.get(job.identity)
    return known.status if known else "WAITING"


@contextmanager
def opened_launcher(
    config: DictConfig,
    job_configs: JobConfigStore,
    context: HydraContext,
    task_function: TaskFunction,
    jobs: int,
) -> Iterator[Launcher]:
    """Opens the configured launcher, which finds the configs of its jobs in files.

    Ours gets ready while there is still something to do before the first job, and is closed.

    Args:
        config: The composed config, with Hydra's own node.
        job_configs: The store in which the launcher finds the configs of its jobs.
        context: Hydra's context, which loads configs.
        task_function: Runs a job, given its config.
        jobs: The expected number of jobs.

    Yields:
        The launcher.
    """
    launcher_context = HydraContext(config_loader=job_configs, callbacks=context.callbacks)  # type: ignore[arg-type]
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=launcher_context, task_function=task_function, config=config
    )
    prepare: Callable[[int], None] = getattr(launcher, "prepare", lambda _jobs: None)
    try:
        prepare(jobs)
        yield launcher
    finally:
        _close(launcher)


def _close(launcher: Launcher) -> None:
    """Ends the processes of a launcher that has some of its own."""
    close: Callable[[], None] = getattr(launcher, "close", lambda: None)
    close()
