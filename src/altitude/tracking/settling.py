"""Ending the runs of processes that are gone, which MLflow would show as running for ever."""

import warnings

from mlflow.entities import Run

from altitude.tracking.connection import Connection
from altitude.tracking.liveness import is_alive
from altitude.tracking.tags import PROCESS, REASON, ROLE, STOP
from altitude.tracking.unsent import send_left_by

GONE = "its process is gone: killed, or out of memory"


def settle(store: Connection, run: Run) -> Run:
    """Ends a run whose process is gone: as what it could not send says, or else as KILLED.

    Args:
        store: The store of the run.
        run: The run, whose status is still RUNNING.

    Returns:
        The run as it is now, tagged with a reason if it was killed.
    """
    run_id = run.info.run_id
    send_left_by(run, store.uri)
    if store.client.get_run(run_id).info.status == "RUNNING":
        store.client.set_tag(run_id, REASON, run.data.tags.get(STOP, GONE))
        store.client.set_terminated(run_id, "KILLED")
    return store.client.get_run(run_id)


def settle_single_runs(store: Connection) -> None:
    """Ends the single runs of an experiment whose process was killed, and says how to go on.

    Those of a sweep are settled when the sweep is resumed.

    Args:
        store: The experiment whose runs are checked.
    """
    for run in store.runs({}, status="RUNNING"):
        tags = run.data.tags
        if ROLE not in tags and PROCESS in tags and not is_alive(tags):
            settled, run_id = settle(store, run), run.info.run_id
            if settled.info.status != "KILLED":
                continue  # it had ended, and had not been able to say so
            warnings.warn(
                f"run {run_id} was killed before it finished. Go on: altitude resume {run_id}",
                stacklevel=2,
            )
