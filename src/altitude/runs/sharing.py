"""Continuing the training of another run in a run of its own."""

import shutil
from dataclasses import replace
from pathlib import Path

from altitude.runs.output_folder import CLAIM
from altitude.tracking.outbox import FILE
from altitude.training.resume_points import FOLDER, copy_point, newest_point
from altitude.training.state import TrainingState

ENDS = ("curves.png", "result.json")
"""Files that a run writes when its training has ended."""

OWN = (CLAIM, FOLDER, FILE, *ENDS)
"""Files of a run that a run which continues its training has for itself."""


def continue_training(source: Path, folder: Path) -> None:
    """Copies into the folder of a new run what the training of a finished run has left.

    Args:
        source: The folder of the finished run, with its last resume point.
        folder: The folder of the new run, which resumes from there.

    Raises:
        FileNotFoundError: If the finished run has no resume point.
        StateError: If its resume point is damaged.
    """
    point = newest_point(source)
    for path in source.iterdir():
        target = folder / path.name
        if path.name in OWN or target.exists():
            continue
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            shutil.copy2(path, target)
    copy_point(replace(point, state=_not_logged(point.state)), folder)


def _not_logged(state: TrainingState) -> TrainingState:
    """The state without the list of files that were logged, in the run of the other."""
    callbacks = {n: s for n, s in state.callbacks.items() if not n.endswith(" ArtifactLog")}
    return replace(state, callbacks=callbacks)
