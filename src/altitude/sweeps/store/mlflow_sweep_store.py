"""A sweep in MLflow: a run for each job, and a summary run."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Metric as LoggedMetric
from mlflow.entities import Run, RunTag

from altitude.failures import failure_reason
from altitude.sweeps.job_record import JobRecord
from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.store.page import Presentation, sweep_view, with_links
from altitude.sweeps.store.summary import open_summary
from altitude.sweeps.store.sweep_store import SweepResult
from altitude.tracking.connection import Connection, connect, wrap_store_errors
from altitude.tracking.environment import take_run_id
from altitude.tracking.liveness import is_alive, now, process_tags
from altitude.tracking.outbox import FAILURES
from altitude.tracking.pages import open_instructions, runs_page
from altitude.tracking.run import DESCRIPTION
from altitude.tracking.settings import Mlflow
from altitude.tracking.settling import GONE, settle
from altitude.tracking.store import without_password
from altitude.tracking.tags import (
    ATTEMPT,
    CONFIG_HASH,
    EXCEPTION,
    FOLDER,
    HEARTBEAT,
    JOB,
    JOB_NUMBER,
    LIMITS,
    PRUNED,
    REASON,
    ROLE,
    STOP,
    SUMMARY,
    SWEEP_ID,
    SWEPT,
    TRAJECTORY,
    VALIDATION_EXAMPLES,
)
from altitude.tracking.unsent import send_left_by
from altitude.training.resume_points import remove_points

BEST_FILES = ("best.keras", "best.weights.h5")
"""Artifacts with the best model of a job: whole or, where that could not be saved, its weights."""

FINAL = ("best_", "test_")
UNHEARD = "it has ended, and the tracking store did not answer then"
PREFERENCE: Mapping[str, int] = {"FINISHED": 2, "RUNNING": 1}
"""Which of several runs of one job counts; of those that are equal, the latest."""


def open_sweep(
    settings: Mlflow, identity: str, presentation: Presentation, *, fresh: bool
) -> "MlflowSweepStore":
    """Opens the summary run of a sweep: that of an earlier launch, or a new one.

    Args:
        settings: The tracking store.
        identity: The hash of the sweep's jobs and its search.
        presentation: How the sweep is shown.
        fresh: Whether to start over, whatever an earlier launch has done.

    Returns:
        The store of the sweep.

    Raises:
        TrackingError: If the store cannot be used, or another process runs this sweep.
    """
    with wrap_store_errors():
        store = connect(settings, take_run_id())
        title, command = presentation.title, presentation.command
        summary = open_summary(store, identity, title, command, fresh=fresh)
        sweep_store = MlflowSweepStore(store, summary, presentation)
        sweep_store.settle_the_dead()
        sweep_store.prepare_page()
    return sweep_store


class MlflowSweepStore:
    """Stores a sweep's jobs in MLflow. See `altitude.sweeps.store.sweep_store.SweepStore`.

    Args:
        store: The connection to the tracking store.
        summary: The sweep's own run.
        presentation: The name of the sweep, and how it is shown.
    """

    def __init__(self, store: Connection, summary: Run, presentation: Presentation) -> None:
        self.sweep_id = str(summary.data.tags[SWEEP_ID])
        self._store = store
        self._client = store.client
        self._run_id = summary.info.run_id
        self._presentation = presentation
        self._counted: dict[str, str] = {}
        self._epochs: dict[str, int] = {}
        self._is_away = False
        self._answering_since = 0.0

    @property
    def how_to_open(self) -> str:
        """The page with the curves of all jobs, and how to get there."""
        page = runs_page(self._store.experiment_id, self.sweep_id)
        return open_instructions(self._store.uri, page)

    def tracking_of(self, job: Job) -> dict[str, Any]:
        """Returns the name, tags and store that make a run one of this sweep.

        A job elsewhere may have another working folder and another environment.
        """
        tags = {
            **{name: str(value) for name, value in job.swept.items()},
            SWEEP_ID: self.sweep_id,
            ROLE: JOB,
            JOB_NUMBER: str(job.number),
            CONFIG_HASH: job.identity,
            SWEPT: json.dumps(job.swept),
        }
        if job.trajectory and not job.callbacks:  # a search hears of each epoch through them
            tags[TRAJECTORY] = job.trajectory.settings
            tags[LIMITS] = json.dumps(job.trajectory.limits)
        parent = {"mlflow.parentRunId": self._run_id} if self._presentation.nested else {}
        name = job.name[:250] or f"job {job.number}"
        uri = self._store.uri
        # A password would be written into the files of the job.
        address = {"uri": uri} if uri == without_password(uri) else {}
        address["experiment_name"] = self._store.experiment_name
        return {**address, "run_name": name, "tags": tags | parent, "watched": True}

    @wrap_store_errors()
    def records(self) -> dict[str, JobRecord]:
        """Returns the record of each job by identity, after settling runs whose process is gone."""
        return self._records_of(self._children())

    @wrap_store_errors()
    def begin_again(self, jobs: Sequence[Job]) -> None:
        """Turns the failed runs of jobs into attempts, which are kept but do not count."""
        wanted = {job.identity for job in jobs}
        for run in self._children():
            if run.data.tags[CONFIG_HASH] in wanted and run.info.status != "RUNNING":
                self._client.set_tag(run.info.run_id, ROLE, ATTEMPT)

    @wrap_store_errors()
    def returned(self, job: Job, error: BaseException | None, value: Any) -> None:  # noqa: ARG002
        """Records what its run does not say: why it never began, or how it ended."""
        runs = [self._caught_up(run) for run in self._children({CONFIG_HASH: job.identity})]
        known = self._records_of(runs).get(job.identity)
        if known is None and error is not None:
            self._record(job, error)
        elif known is not None and known.reason == GONE and error is not None:
            self._client.set_tag(str(known.run_id), REASON, failure_reason(error))
        elif known is not None and known.status == "RUNNING":
            reason = UNHEARD if error is None else failure_reason(error)
            self._client.set_tag(str(known.run_id), REASON, reason)
            self._client.set_terminated(str(known.run_id), "FAILED" if error else "KILLED")

    def _record(self, job: Job, error: BaseException) -> None:
        tracking = self.tracking_of(job)
        reason = failure_reason(error)[:5000]
        tags = {**tracking["tags"], **process_tags(), REASON: reason, EXCEPTION: reason}
        run = self._client.create_run(
            self._store.experiment_id, tags=tags, run_name=tracking["run_name"]
        )
        self._client.log_text(run.info.run_id, reason, "traceback.txt")
        self._client.set_terminated(run.info.run_id, "FAILED")

    @wrap_store_errors()
    def ask_to_stop(self, reason: str) -> None:
        """Tags the jobs that run, and the sweep itself for those that are still in a queue."""
        running = [run for run in self._children() if run.info.status == "RUNNING"]
        for run_id in [self._run_id, *(run.info.run_id for run in running)]:
            self._client.set_tag(run_id, STOP, reason)

    @wrap_store_errors()
    def count(self, counts: Mapping[str, int]) -> None:
        """Writes how many jobs there are of each kind into tags, with a sign of life."""
        tags = {f"jobs.{kind}": str(number) for kind, number in counts.items()}
        changed = {name: value for name, value in tags.items() if self._counted.get(name) != value}
        self._counted |= changed
        batch = [RunTag(name, value) for name, value in {**changed, HEARTBEAT: now()}.items()]
        self._client.log_batch(self._run_id, tags=batch)

    @wrap_store_errors()
    def histories(self, metric: str) -> dict[str, list[float]]:
        """Returns the values of a metric by epoch, by the id of the run."""
        return {run.info.run_id: self._history(run, metric) for run in self._children()}

    def model_of(self, record: JobRecord, folder: Path) -> Path | None:
        """Downloads the best model of a job, or its weights; None if neither can be had here."""
        run_id = str(record.run_id)
        try:
            logged = {file.path for file in self._client.list_artifacts(run_id)}
            names = [name for name in BEST_FILES if name in logged]
            if not names:
                return None
            return Path(self._client.download_artifacts(run_id, names[0], str(folder)))
        except FAILURES:
            return None  # files of another machine; the leaderboard names the run

    @wrap_store_errors()
    def close(self, result: SweepResult) -> None:
        """Logs the report, and ends the summary run."""
        description = with_links(result.note, self._store.experiment_id, self.sweep_id, result.best)
        # The values of single epochs would be points in the charts of curves.
        goal = self._presentation.goal.metric
        final = {n: v for n, v in result.metrics.items() if n == goal or n.startswith(FINAL)}
        ended = int(float(now()) * 1000)
        batch = [LoggedMetric(name, value, ended, 0) for name, value in final.items()]
        self._client.log_batch(self._run_id, metrics=batch, tags=[RunTag(DESCRIPTION, description)])
        for path in result.files:
            self._client.log_artifact(self._run_id, str(path))
        self._client.set_terminated(self._run_id, result.status)
        if result.status == "FINISHED":
            self._remove_shared_points()

    def _remove_shared_points(self) -> None:
        """Removes the resume points that jobs have kept for others of the sweep."""
        for run in self._children():
            is_kept = run.data.params.get("loop.keep_checkpoint") == "True"
            if TRAJECTORY in run.data.tags and FOLDER in run.data.tags and not is_kept:
                remove_points(Path(run.data.tags[FOLDER]))

    def settle_the_dead(self) -> None:
        """Ends every run of a sweep in this experiment that says RUNNING and has no process."""
        for role in (JOB, SUMMARY):
            for run in self._store.runs({ROLE: role}, status="RUNNING"):
                if run.info.run_id != self._run_id:
                    self._settled(run)

    def prepare_page(self) -> None:
        """Writes down which jobs its page shows, and how."""
        name, view = sweep_view(self.sweep_id, self._presentation)
        self._client.set_experiment_tag(self._store.experiment_id, name, view)

    def _children(self, tags: Mapping[str, str] | None = None) -> list[Run]:
        try:
            found = self._store.runs({SWEEP_ID: self.sweep_id, ROLE: JOB, **(tags or {})})
        except FAILURES:
            self._is_away = True
            raise
        if self._is_away:
            self._is_away, self._answering_since = False, time.time()
        return found

    def _caught_up(self, run: Run) -> Run:
        """The run of a job that has ended, with what it could not send while it was open."""
        if run.info.status != "RUNNING":
            return run
        send_left_by(run, self._store.uri)
        return self._client.get_run(run.info.run_id)

    def _settled(self, run: Run) -> Run:
        """The run, once it is ended if its process is gone."""
        is_over = not is_alive(run.data.tags, self._answering_since)
        if run.info.status == "RUNNING" and is_over:
            return settle(self._store, run)
        return run

    def _records_of(self, runs: Sequence[Run]) -> dict[str, JobRecord]:
        known: dict[str, Run] = {}
        for run in sorted(runs, key=lambda run: run.info.start_time):
            identity = run.data.tags[CONFIG_HASH]
            before = known.get(identity)
            if before is None or _preference(run) >= _preference(before):
                known[identity] = run
        return {identity: self._job_record(run) for identity, run in known.items()}

    def _job_record(self, run: Run) -> JobRecord:
        run = self._settled(run)
        tags, status = run.data.tags, run.info.status
        if status == "RUNNING" or run.info.run_id not in self._epochs:
            self._epochs[run.info.run_id] = len(self._history(run, "epoch_seconds"))
        return JobRecord(
            number=int(tags[JOB_NUMBER]),
            name=run.info.run_name,
            swept=json.loads(tags[SWEPT]),
            status=status,
            metrics=run.data.metrics,
            reason=tags.get(REASON, ""),
            run_id=run.info.run_id,
            pruned=PRUNED in tags,
            epochs=self._epochs[run.info.run_id],
            validation_examples=int(tags.get(VALIDATION_EXAMPLES, 0)),
        )

    def _history(self, run: Run, metric: str) -> list[float]:
        if metric not in run.data.metrics:
            return []
        found = self._client.get_metric_history(run.info.run_id, metric)
        return [point.value for point in sorted(found, key=lambda point: point.step)]


def _preference(run: Run) -> int:
    return PREFERENCE.get(run.info.status, 0)
