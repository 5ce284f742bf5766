"""What a process does that only helps to train: nothing that a person would find twice."""

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.tracking.settings import Untracked

if TYPE_CHECKING:
    from altitude.experiment import Experiment


@contextmanager
def experiment_for_worker(experiment: "Experiment") -> Iterator["Experiment"]:
    """Yields what this process is to run: the experiment itself, if this is the chief.

    Any other worker runs it untracked, with its files in a folder that is deleted in the end.
    """
    if experiment.strategy.is_chief:
        yield experiment
        return
    with tempfile.TemporaryDirectory() as folder:
        yield dataclasses.replace(experiment.in_folder(Path(folder)), tracking=Untracked())
