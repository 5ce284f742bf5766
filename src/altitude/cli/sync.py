"""The command `altitude sync`: sends what runs could not send to their tracking store."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.cli.reporting import FAILURE, errors_reported

if TYPE_CHECKING:
    from altitude.tracking.unsent import Sent

USAGE = "altitude sync [FOLDER]"


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude sync` and exits: 1 if something is left, 2 for a mistake in what was typed.

    Args:
        arguments: The words typed after `altitude sync`.
    """
    folder = Path(_parser().parse_args(arguments).folder)
    _require_folder(folder)
    from altitude.tracking.unsent import folders_with_records, folders_with_runs

    whole = [_send_whole(run_folder) for run_folder in folders_with_runs(folder)]
    results = [_send(run_folder) for run_folder in folders_with_records(folder)]
    if not (results or whole):
        print(f"nothing to send in {folder}: what runs have logged has reached their stores")
    if not all(whole) or any(result is None or result.left for result in results):
        sys.exit(FAILURE)


def _require_folder(folder: Path) -> None:
    from altitude.errors import ConfigError, Problem

    if not folder.is_dir():
        expected = "the folder of a run, or one above those of several"
        raise ConfigError([Problem("FOLDER", f"{folder}, which is no folder", expected)])


def _send_whole(folder: Path) -> bool:
    """Sends a run that was logged in its own folder; returns whether that was possible."""
    from altitude.errors import ConfigError
    from altitude.runs.output_folder import run_folder
    from altitude.tracking.connection import wrap_store_errors
    from altitude.tracking.local_copy import send_run

    try:
        with run_folder(folder, goes_on=True), wrap_store_errors():
            run_id = send_run(folder)
    except ConfigError:
        print(f"{folder}: a process is training this run: send it later", file=sys.stderr)
        return False
    print(f"{folder}: sent, as run {run_id}")
    return True


def _send(folder: Path) -> "Sent | None":
    """Sends the records of a run, and says how many; None if the run is being trained."""
    from altitude.errors import ConfigError
    from altitude.records.find import store_of
    from altitude.runs.output_folder import run_folder
    from altitude.tracking.preflight import require_usable
    from altitude.tracking.unsent import send_records

    uri = store_of(folder)
    require_usable(uri, "tracking.uri")
    try:
        with run_folder(folder, goes_on=True):
            result = send_records(folder, uri)
    except ConfigError:
        print(f"{folder}: a process is training this run, and sends by itself", file=sys.stderr)
        return None
    _show(result)
    return result


def _show(result: "Sent") -> None:
    print(f"{result.folder}: {_records(result.sent)} sent")
    if result.left:
        print(f"{result.folder}: {_records(result.left)} left: {result.reason}", file=sys.stderr)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude sync",
        usage=USAGE,
        description="Sends what runs could not send to their tracking store, with its original "
        "times. What has been sent is not sent again.",
    )
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        default=".",
        help="the folder of a run, or one above those of several; the default is the current one",
    )
    return parser
