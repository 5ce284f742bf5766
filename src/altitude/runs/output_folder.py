"""The output folders of runs: no run overwrites the files of another."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from altitude.errors import ConfigError, Problem

CLAIM = ".run"
"""The file that marks a folder as the folder of a run."""


@dataclass
class RunFolder:
    """The folder of one run, and the claim that is written in it.

    Attributes:
        path: The folder.
        run_id: MLflow's id of the run; None before it is opened, or if it is not tracked.
        is_finished: Whether the run has finished.
    """

    path: Path
    run_id: str | None = None
    is_finished: bool = False

    @classmethod
    def read(cls, path: Path) -> "RunFolder":
        """Reads which run a folder belongs to.

        Args:
            path: The output folder of a run.

        Returns:
            The folder, with `run_id` None if the run was killed before it was recorded.
        """
        try:
            known = json.loads((path / CLAIM).read_text())
            return cls(path, known["run_id"], known["is_finished"])
        except (OSError, ValueError, KeyError):
            return cls(path)

    @property
    def is_taken(self) -> bool:
        """Whether a run has claimed the folder."""
        return (self.path / CLAIM).exists()

    def note(self, run_id: str | None, *, is_finished: bool = False) -> None:
        """Records which run the folder belongs to, and whether that has finished.

        Args:
            run_id: The id of the run; None if it is not tracked.
            is_finished: Whether the run has finished.
        """
        self.run_id, self.is_finished = run_id, is_finished
        # In place: the file itself is locked.
        (self.path / CLAIM).write_text(json.dumps({"run_id": run_id, "is_finished": is_finished}))


@contextmanager
def run_folder(wanted: Path, *, goes_on: bool = False) -> Iterator[RunFolder]:
    """Holds a folder for one run, for as long as this process trains in it.

    Args:
        wanted: The folder that was asked for.
        goes_on: Whether the run is one that has begun in that folder.

    Yields:
        The folder: see `claim_folder`.

    Raises:
        ConfigError: If the folder cannot be written, or if the run that is to go on is being
            trained by another process.
    """
    folder = wanted if goes_on else claim_folder(wanted)
    with (folder / CLAIM).open("a") as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            expected = "a run that no process is training"
            raise ConfigError([Problem("output_dir", str(folder), expected)]) from error
        yield RunFolder.read(folder)


def claim_folder(wanted: Path) -> Path:
    """Claims a folder for one run, also against other processes.

    Args:
        wanted: The folder that was asked for.

    Returns:
        That folder or, if another run has claimed it, the first free one of `NAME-2`, `NAME-3`, ...

    Raises:
        ConfigError: If the folder cannot be written.
    """
    try:
        return next(folder for folder in _candidates(wanted) if _claimed(folder))
    except OSError as error:
        expected = "a folder that can be written"
        raise ConfigError([Problem("output_dir", f"{wanted} ({error})", expected)]) from error


def _candidates(wanted: Path) -> Iterator[Path]:
    wanted.mkdir(parents=True, exist_ok=True)
    yield wanted
    for number in count(2):
        folder = wanted.with_name(f"{wanted.name}-{number}")
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            yield folder


def _claimed(folder: Path) -> bool:
    try:
        (folder / CLAIM).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
