"""The experiment of worker processes, which leave no files and log nothing."""

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
    """Yields the experiment that this process runs: the original one on the chief.

    Any other worker runs it untracked, with its files in a folder that is deleted in the end.

    Args:
        experiment: The experiment that was configured.

    Yields:
        The experiment for this process.
    """
    if experiment.strategy.is_chief:
        yield experiment
        return
    with tempfile.TemporaryDirectory() as folder:
        yield dataclasses.replace(experiment.in_folder(Path(folder)), tracking=Untracked())
