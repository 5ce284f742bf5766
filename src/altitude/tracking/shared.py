"""Finding the job of a sweep whose training another job continues."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import Run

from altitude.tracking.connection import Connection, connect, wrap_store_errors
from altitude.tracking.liveness import is_alive
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.store import resolve_uri
from altitude.tracking.tags import FOLDER, JOB, LIMITS, ROLE, SWEEP_ID, TRAJECTORY
from altitude.tracking.waiting import wait_for_answer

LOOK_SECONDS = 1.0
"""How often a job that another one waits for is polled."""


@wrap_store_errors()
def finished_with_same_trajectory(settings: RunSettings) -> list[tuple[str, Path]]:
    """Returns the runs that a job may continue, those that trained for longest first.

    Waits for those that are still being trained: the job would otherwise train their epochs again.

    Args:
        settings: The tracking settings of the job, with the tags of its trajectory.

    Returns:
        The id and the folder of each run.

    Raises:
        TrackingError: If the store cannot be used.
    """
    wait_for_answer(resolve_uri(settings.uri))
    store = connect(settings)
    runs = _shorter_runs(store, settings)
    while any(_is_running(run) for run in runs):
        time.sleep(LOOK_SECONDS)
        runs = _shorter_runs(store, settings)
    finished = [run for run in runs if run.info.status == "FINISHED" and FOLDER in run.data.tags]
    finished.sort(key=lambda run: _epochs(store, run), reverse=True)
    return [(run.info.run_id, Path(run.data.tags[FOLDER])) for run in finished]


def _shorter_runs(store: Connection, settings: RunSettings) -> list[Run]:
    """The runs of jobs on the same trajectory that end no later than this one."""
    shared = {ROLE: JOB, **{name: settings.tags[name] for name in (SWEEP_ID, TRAJECTORY)}}
    mine = json.loads(settings.tags[LIMITS])
    return [run for run in store.runs(shared) if _end_earlier(_limits(run), mine)]


def _limits(run: Run) -> list[int]:
    limits: list[int] = json.loads(run.data.tags[LIMITS])
    return limits


def _end_earlier(theirs: Sequence[int], mine: Sequence[int]) -> bool:
    return theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True))


def _epochs(store: Connection, run: Run) -> int:
    return len(store.client.get_metric_history(run.info.run_id, "epoch_seconds"))


def _is_running(run: Run) -> bool:
    return run.info.status == "RUNNING" and is_alive(run.data.tags)
