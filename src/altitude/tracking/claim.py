"""Ensures that a job of a sweep runs once, whichever launch has queued it."""

from mlflow.entities import Run

from altitude.errors import TakenError
from altitude.tracking.connection import Connection
from altitude.tracking.liveness import is_alive
from altitude.tracking.tags import ATTEMPT, CONFIG_HASH, JOB, ROLE, STOP, SUMMARY, SWEEP_ID


def claim(store: Connection, run: Run) -> None:
    """Claims a job for a run that has just been created, or makes that run an attempt.

    A cluster may still hold jobs that a launcher queued before it died.

    Args:
        store: The store of the sweep.
        run: The run that has just been created, with the tags of its job.

    Raises:
        TakenError: If the job is finished, if an earlier run of it is alive, or if the sweep is
            being stopped.
    """
    tags = run.data.tags
    sweep = {SWEEP_ID: tags[SWEEP_ID]}
    others = store.runs({**sweep, ROLE: JOB, CONFIG_HASH: tags[CONFIG_HASH]})
    reason = next((found for other in others if (found := _precedence(other, run))), "")
    for summary in store.runs({**sweep, ROLE: SUMMARY}):
        reason = reason or summary.data.tags.get(STOP, "")
    if reason:
        store.client.set_tag(run.info.run_id, ROLE, ATTEMPT)
        raise TakenError(reason)


def _precedence(other: Run, run: Run) -> str:
    """Why another run comes before this one; empty if it does not."""
    if other.info.run_id == run.info.run_id:
        return ""
    if other.info.status == "FINISHED":
        return f"done by run {other.info.run_id}"
    earlier = (other.info.start_time, other.info.run_id) < (run.info.start_time, run.info.run_id)
    if other.info.status == "RUNNING" and earlier and is_alive(other.data.tags):
        return f"being done by run {other.info.run_id}"
    return ""
