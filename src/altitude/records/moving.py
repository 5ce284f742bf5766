"""Brings a run from another machine to this one, so that it can go on here."""

from pathlib import Path

from altitude.errors import ConfigError, Problem
from altitude.records.record import MODEL, RunRecord
from altitude.runs.output_folder import RunFolder, claim_folder
from altitude.training.resume_points import FOLDER, NEWEST


def bring_here(record: RunRecord, folder: Path) -> Path:
    """Downloads the newest resume point of a run, and the best model so far.

    Args:
        record: The run, as its tracking store knows it.
        folder: The folder to put them into; another one if that belongs to a run.

    Returns:
        The folder, which is that of the run on this machine from now on.

    Raises:
        ConfigError: If the run has logged no resume point.
        TrackingError: If the tracking store cannot be used.
    """
    point = f"{FOLDER}/{NEWEST}"
    if record.logged is None or not record.logged.has_artifact(point):
        given = f"{record.name}, whose folder is not on this machine"
        expected = "a run that logs its resume points: loop.checkpoint_artifact=true"
        raise ConfigError([Problem("RUN", given, expected)])
    here = claim_folder(folder)
    for name in (point, MODEL):
        if record.logged.has_artifact(name):
            record.logged.download(name, here)
    RunFolder(here).note(record.run_id)
    return here
