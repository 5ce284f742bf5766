"""The records of the jobs of a sweep: written while it runs, read when it is resumed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from altitude.failures import failure_reason
from altitude.sweeps.job_record import JobRecord
from altitude.sweeps.plan.jobs import Job

FinalStatus = Literal["FINISHED", "FAILED", "KILLED"]


def counts_of(records: Sequence[JobRecord], total: int, skipped: int) -> dict[str, int]:
    """Returns the number of jobs of a sweep, by kind.

    Args:
        records: The records of the jobs so far.
        total: The number of jobs in all.
        skipped: The number of jobs that were done before this launch.
    """
    by_status = Counter(record.status for record in records)
    failed = by_status["FAILED"] + by_status["KILLED"]
    left = total - by_status["FINISHED"] - failed - by_status["RUNNING"]
    return {
        "total": total,
        "done": by_status["FINISHED"],
        "failed": failed,
        "skipped": skipped,
        "running": by_status["RUNNING"],
        "left": max(0, left),
    }


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The result of one launch of a sweep.

    Attributes:
        status: How the launch ended, as MLflow names it.
        metrics: The metrics of the best job.
        files: The files to log.
        note: The result in Markdown.
        best: The id of the best job's run; None without one.
    """

    status: FinalStatus
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Sequence[Path] = ()
    note: str = ""
    best: str | None = None


class SweepStore(Protocol):
    """Stores the records of a sweep's jobs, whatever launcher runs them."""

    @property
    def sweep_id(self) -> str:
        """Names the sweep; the same in every launch of it."""

    @property
    def how_to_open(self) -> str:
        """The instructions to open the jobs in MLflow's UI."""

    def tracking_of(self, job: Job) -> Mapping[str, Any]:
        """Returns the settings of the group `tracking` that make the job's run one of this sweep.

        Args:
            job: The job that is about to start.
        """

    def records(self) -> dict[str, JobRecord]:
        """Returns the record of each job that has begun, by the identity of the job.

        Runs whose process is gone are settled first: they are `KILLED`.
        """

    def begin_again(self, jobs: Sequence[Job]) -> None:
        """Removes the failed runs of jobs that are about to run again.

        Args:
            jobs: The jobs, whose runs are kept as attempts where the store can.
        """

    def returned(self, job: Job, error: BaseException | None, value: Any) -> None:
        """Records what a launcher has returned for a job.

        Args:
            job: The job.
            error: The exception that it raised; None if it did not fail.
            value: The value that it returned, if it did not fail.
        """

    def ask_to_stop(self, reason: str) -> None:
        """Asks all running jobs to stop, on whichever machine.

        Args:
            reason: Why, in words; it is shown with the jobs.
        """

    def count(self, counts: Mapping[str, int]) -> None:
        """Records how many jobs there are of each kind.

        Args:
            counts: The number of jobs, by kind, such as `done`, as `counts_of` returns it.
        """

    def histories(self, metric: str) -> dict[str, list[float]]:
        """Returns the values of a metric by epoch, by the id of the run.

        Args:
            metric: The name of the metric.
        """

    def model_of(self, record: JobRecord, folder: Path) -> Path | None:
        """Fetches the best model of a job into a folder, or its weights where it has no more.

        Args:
            record: The record of the job.
            folder: The folder to put it into.

        Returns:
            The path of the model or the weights; None if neither can be had here.
        """

    def close(self, result: SweepResult) -> None:
        """Ends this launch of the sweep.

        Args:
            result: The outcome of the sweep, its files and its best job.
        """


class InMemorySweepStore:
    """A sweep that is not tracked: what its jobs return is all there is, and it cannot go on.

    Args:
        metrics: Names of the values that a job returns.
    """

    how_to_open = ""

    def __init__(self, sweep_id: str, metrics: Sequence[str]) -> None:
        self.sweep_id = sweep_id
        self._metrics = metrics
        self._records: dict[str, JobRecord] = {}

    def tracking_of(self, job: Job) -> Mapping[str, Any]:  # noqa: ARG002
        """Returns no settings: the jobs are not tracked."""
        return {}

    def records(self) -> dict[str, JobRecord]:
        """Returns the records of the jobs that have returned."""
        return dict(self._records)

    def begin_again(self, jobs: Sequence[Job]) -> None:
        """Deletes their records."""
        for job in jobs:
            self._records.pop(job.identity, None)

    def returned(self, job: Job, error: BaseException | None, value: Any) -> None:
        """Stores the result of a job."""
        values = value if isinstance(value, list | tuple) else [value]
        found = {} if error else dict(zip(self._metrics, values, strict=False))
        self._records[job.identity] = JobRecord(
            number=job.number,
            name=job.name,
            swept=job.swept,
            status="FAILED" if error else "FINISHED",
            metrics={name: float(number) for name, number in found.items() if number is not None},
            reason=failure_reason(error) if error else "",
        )

    def ask_to_stop(self, reason: str) -> None:
        """No-op: jobs that are not tracked cannot be signalled."""

    def count(self, counts: Mapping[str, int]) -> None:
        """No-op: there is no page that shows them."""

    def close(self, result: SweepResult) -> None:
        """No-op: nothing is logged."""

    def histories(self, metric: str) -> dict[str, list[float]]:  # noqa: ARG002
        """Returns no histories: jobs return final values only."""
        return {}

    def model_of(self, record: JobRecord, folder: Path) -> Path | None:  # noqa: ARG002
        """Returns None: the model stays in the folder of the job."""
        return None
