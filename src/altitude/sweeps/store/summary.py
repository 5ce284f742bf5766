"""The summary run of a sweep: that of an earlier launch, or a new one."""

from collections.abc import Sequence

from mlflow.entities import Run, RunTag
from mlflow.tracking.context.registry import resolve_tags

from altitude.errors import Problem, TrackingError
from altitude.tracking.connection import Connection
from altitude.tracking.environment import RUN_ID
from altitude.tracking.liveness import is_alive, process_tags
from altitude.tracking.store import creation_lock
from altitude.tracking.tags import (
    ATTEMPT,
    COMMAND,
    IDENTITY,
    JOB,
    PROCESS,
    ROLE,
    STOP,
    SUMMARY,
    SWEEP_ID,
)


def open_summary(store: Connection, identity: str, title: str, command: str, *, fresh: bool) -> Run:
    """Opens the summary run of a sweep.

    Args:
        store: The tracking store.
        identity: The hash of the sweep's jobs and its search.
        title: The name of the run.
        command: The command that runs the sweep.
        fresh: Whether to start over, whatever an earlier launch has done.

    Returns:
        The run of an earlier launch, or a new one.

    Raises:
        TrackingError: If another process runs this sweep.
    """
    mine = {**process_tags(), COMMAND: command, STOP: ""}
    with creation_lock(store.uri):  # of two launches at the same time, one comes first
        earlier = store.runs({IDENTITY: identity, ROLE: SUMMARY})
        for run in earlier[:1]:
            _require_idle(run)
        if store.continued is None and earlier and not fresh:
            return _reopened(store, earlier[0].info.run_id, mine)
        sweep_id = identity + (f"-{len(earlier) + 1}" if earlier else "")
        if earlier and not fresh:
            sweep_id = earlier[0].data.tags[SWEEP_ID]
        tags = {SWEEP_ID: sweep_id, ROLE: SUMMARY, IDENTITY: identity, **mine}
        if store.continued is not None:
            return _adopted(store, store.continued, tags, earlier)
        tags = dict(resolve_tags(tags))
        return store.client.create_run(store.experiment_id, tags=tags, run_name=title)


def _adopted(store: Connection, run: Run, tags: dict[str, str], earlier: Sequence[Run]) -> Run:
    """Makes the run of `MLFLOW_RUN_ID` the sweep's own, in the place of an earlier one."""
    of_another = run.data.tags.get(IDENTITY, tags[IDENTITY]) != tags[IDENTITY]
    if of_another or run.data.tags.get(ROLE) in (JOB, ATTEMPT):
        expected = "a run that is new, or that of this sweep"
        given = f"{run.info.run_id}, which belongs to another sweep"
        raise TrackingError(str(Problem(RUN_ID, given, expected, f"unset {RUN_ID}")))
    for other in earlier:
        if other.info.run_id != run.info.run_id and other.data.tags[SWEEP_ID] == tags[SWEEP_ID]:
            store.client.set_tag(other.info.run_id, ROLE, ATTEMPT)
    return _reopened(store, run.info.run_id, tags)


def _reopened(store: Connection, run_id: str, tags: dict[str, str]) -> Run:
    store.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    store.client.update_run(run_id, status="RUNNING")
    return store.client.get_run(run_id)


def _require_idle(summary: Run) -> None:
    tags = summary.data.tags
    if summary.info.status == "RUNNING" and is_alive(tags):
        machine, pid, _ = tags[PROCESS].rsplit(" ", 2)
        raise TrackingError(
            f"this sweep is running already: process {pid} on {machine.partition('/')[0]}. "
            "Stop that one first, or wait for it; a second copy of the sweep is not needed"
        )
