"""Ending the runs of processes that are gone, which MLflow would show as running for ever."""

import warnings

from mlflow.entities import Run

from altitude.tracking.connection import Connection
from altitude.tracking.liveness import is_alive
from altitude.tracking.tags import PROCESS, REASON, ROLE, STOP

GONE = "its process is gone: killed, or out of memory"


def settle(store: Connection, run: Run) -> str:
    """Ends a run whose process is gone as KILLED.

    Args:
        store: The store of the run.
        run: The run, whose status is still RUNNING.

    Returns:
        The reason, which the run is tagged with.
    """
    reason = str(run.data.tags.get(STOP, GONE))
    store.client.set_tag(run.info.run_id, REASON, reason)
    store.client.set_terminated(run.info.run_id, "KILLED")
    return reason


def settle_single_runs(store: Connection) -> None:
    """Ends the single runs of an experiment whose process was killed, and says how to go on.

    Those of a sweep are settled when the sweep is resumed.

    Args:
        store: The experiment whose runs are checked.
    """
    for run in store.runs({}, status="RUNNING"):
        tags = run.data.tags
        if ROLE not in tags and PROCESS in tags and not is_alive(tags):
            settle(store, run)
            run_id = run.info.run_id
            warnings.warn(
                f"run {run_id} was killed before it finished. Go on: altitude resume {run_id}",
                stacklevel=2,
            )
