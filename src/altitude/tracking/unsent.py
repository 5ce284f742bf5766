"""Sends what runs could not send: from the files in their folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from altitude.tracking import fallback
from altitude.tracking.continued import logged_steps
from altitude.tracking.delivery import deliver, without_logged
from altitude.tracking.outbox import FAILURES, FILE, Record, read_records, write_records
from altitude.tracking.tags import FOLDER


@dataclass(frozen=True)
class Sent:
    """What became of the records of one run.

    Attributes:
        folder: The folder of the run.
        sent: The number of records that the store has now.
        left: The number of records that are still in the folder.
        reason: Why they are; empty if there are none.
    """

    folder: Path
    sent: int
    left: int
    reason: str = ""


def folders_with_records(folder: Path) -> Iterator[Path]:
    """Yields the folders of runs that could not send everything.

    Args:
        folder: The folder of a run, or one above those of several.
    """
    yield from sorted(path.parent for path in folder.rglob(FILE))


def folders_with_runs(folder: Path) -> Iterator[Path]:
    """Yields the folders of runs that were logged there, since their store was away.

    Args:
        folder: The folder of a run, or one above those of several.
    """
    yield from sorted(path.parent for path in folder.rglob(fallback.FILE))


def send_records(folder: Path, uri: str) -> Sent:
    """Sends the records in the folder of a run, with their original times.

    Those that have been sent leave the file, so that nothing is sent twice. Metrics that the store
    has already, from before the process was killed, are left out.

    Args:
        folder: The folder of the run.
        uri: The tracking URI of its store.

    Returns:
        How many were sent, and how many are left.
    """
    client, path = MlflowClient(uri), folder / FILE
    waiting, refused, reason = read_records(path), list[Record](), ""
    total = len(waiting)
    try:
        logged = _logged(client, {record["run_id"] for record in waiting})
        while waiting:
            record = waiting[0]
            if Path(record.get("artifact", path)).exists():
                deliver(client, without_logged(record, logged[record["run_id"]]))
            else:
                reason = f"{record['artifact']} is not there any more"
                refused.append(record)
            waiting = waiting[1:]
            write_records(path, [*refused, *waiting])
    except FAILURES as error:
        reason = str(error).splitlines()[0]
    left = len(refused) + len(waiting)
    return Sent(folder, total - left, left, reason)


def send_left_by(run: Run, uri: str) -> None:
    """Sends what a run has left in its folder, if the folder is on this machine.

    Args:
        run: A run whose training has ended, or whose process is gone.
        uri: The tracking URI of its store.
    """
    folder = run.data.tags.get(FOLDER)
    if folder and (Path(folder) / FILE).exists():
        send_records(Path(folder), uri)


def _logged(client: MlflowClient, run_ids: set[str]) -> dict[str, dict[str, set[int]]]:
    return {run_id: logged_steps(client, client.get_run(run_id)) for run_id in run_ids}
