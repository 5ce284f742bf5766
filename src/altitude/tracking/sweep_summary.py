"""The run that sums a sweep up: that of an earlier launch, or a new one."""

from mlflow.entities import Run, RunTag

from altitude.errors import TrackingError
from altitude.tracking.claim import ROLE, SUMMARY, SWEEP_ID
from altitude.tracking.connection import Connection
from altitude.tracking.heartbeat import STOP
from altitude.tracking.liveness import is_alive, process_tags
from altitude.tracking.store import creation_lock

IDENTITY, COMMAND = "sweep_identity", "sweep_command"


def open_summary(store: Connection, identity: str, title: str, command: str, *, fresh: bool) -> Run:
    """Opens the summary run of a sweep.

    Args:
        store: Where it is.
        identity: Hash of the sweep's jobs and its search.
        title: Name of the run.
        command: The command that runs the sweep.
        fresh: Whether to begin anew, whatever an earlier launch has done.

    Raises:
        TrackingError: If another process runs this sweep.
    """
    wanted = f"tags.{IDENTITY} = '{identity}' and tags.{ROLE} = '{SUMMARY}'"
    order = ["attributes.start_time DESC"]
    mine = {**process_tags(), COMMAND: command, STOP: ""}
    with creation_lock(store.uri):  # of two launches at the same time, one comes first
        earlier = store.client.search_runs([store.experiment_id], wanted, order_by=order)
        for run in earlier[:1]:
            _require_idle(run)
        if earlier and not fresh:
            return _reopened(store, earlier[0].info.run_id, mine)
        sweep_id = identity + (f"-{len(earlier) + 1}" if earlier else "")
        tags = {SWEEP_ID: sweep_id, ROLE: SUMMARY, IDENTITY: identity, **mine}
        return store.client.create_run(store.experiment_id, tags=tags, run_name=title)


def _reopened(store: Connection, run_id: str, tags: dict[str, str]) -> Run:
    store.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    store.client.update_run(run_id, status="RUNNING")
    return store.client.get_run(run_id)


def _require_idle(summary: Run) -> None:
    tags = summary.data.tags
    if summary.info.status == "RUNNING" and is_alive(tags):
        machine, pid, _ = tags["process"].rsplit(" ", 2)
        raise TrackingError(
            f"this sweep is running already: process {pid} on {machine.partition('/')[0]}. "
            "Stop that one first, or wait for it; a second copy of the sweep is not needed"
        )
