"""Resume points: states of a training in its run's folder, written beside the training."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from altitude.training.checkpoint import load_checkpoint, save_state
from altitude.training.state import StateError, TrainingState

FOLDER = "resume"
"""The folder of the resume points, in that of the run."""

NEWEST, BEFORE = "point.npz", "point-before.npz"


@dataclass(frozen=True)
class ResumePoint:
    """A state on disk that a run can be resumed from.

    Attributes:
        state: The state of the training.
        about: Plain values that identify the run: see `ResumePoints`.
        notice: The reason why it is not the newest point; empty if it is.
    """

    state: TrainingState
    about: Mapping[str, Any]
    notice: str = ""


class ResumePoints:
    """Writes resume points in a thread of its own; the one before the newest is kept.

    Args:
        output_dir: The folder of the run.
        about: Plain values that are written into each point, to recognise the run by.
        on_written: Called with each point that has been written, in the thread that writes.

    Attributes:
        is_failing: Whether the newest point could not be written. The one before it is whole, and
            the training goes on.
        seconds_to_write: The time that writing the last point took, in seconds.
    """

    def __init__(
        self,
        output_dir: Path,
        about: Mapping[str, Any],
        on_written: Callable[[Path], None] = lambda _path: None,
    ) -> None:
        self.is_failing = False
        self.seconds_to_write = 0.0
        self._folder = output_dir / FOLDER
        for unfinished in self._folder.glob("*.tmp"):
            unfinished.unlink(missing_ok=True)
        self._about = about
        self._on_written = on_written
        self._waiting: TrainingState | None = None
        self._changed = threading.Condition()
        self._is_writing = False
        self._is_closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def put(self, state: TrainingState) -> None:
        """Writes a state as soon as the one before it is written; a newer one takes its place.

        Warns if the one before could not be written.

        Args:
            state: A state of the training.
        """
        with self._changed:
            self._waiting = state
            self._changed.notify_all()
        self._warn()

    def finish(self) -> None:
        """Waits until the last state is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None and not self._is_writing)
        self._warn()

    def close(self) -> None:
        """Writes the last state, and ends the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _write_all(self) -> None:
        while (state := self._next()) is not None:
            began = time.monotonic()
            try:
                _write(state, self._about, self._folder)
                self._on_written(self._folder / NEWEST)
            except Exception as error:  # noqa: BLE001 - a full disk, or what a callback returned
                self._error = error
            self.seconds_to_write = time.monotonic() - began
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> TrainingState | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._is_closed)
            state, self._waiting = self._waiting, None
            self._is_writing = state is not None
        return state

    def _warn(self) -> None:
        error, self._error = self._error, None
        if error is None or self.is_failing:
            self.is_failing = error is not None
            return
        self.is_failing = True
        warnings.warn(
            f"the resume point could not be written: {error}. The training goes on; if it is "
            "killed, `altitude resume` goes on from the point before",
            stacklevel=3,
        )


def newest_point(output_dir: Path) -> ResumePoint:
    """Reads the newest resume point of a run that is whole.

    Args:
        output_dir: The folder of the run.

    Returns:
        The resume point.

    Raises:
        FileNotFoundError: If the run has none.
        StateError: If none is whole.
    """
    damaged = ""
    for path in (output_dir / FOLDER / NEWEST, output_dir / FOLDER / BEFORE):
        try:
            state, about = load_checkpoint(path)
        except FileNotFoundError:
            continue
        except StateError as error:
            damaged = str(error)
            continue
        notice = f"{damaged}; going on from the point before it" if damaged else ""
        return ResumePoint(state, about, notice)
    if damaged:
        raise StateError(f"{damaged}, and there is no other resume point")
    raise FileNotFoundError(f"{output_dir} has no resume point")


def copy_point(point: ResumePoint, output_dir: Path) -> None:
    """Writes a resume point into the folder of another run.

    Args:
        point: The point to write.
        output_dir: The folder of the other run.

    Raises:
        OSError: If it cannot be written.
    """
    _write(point.state, point.about, output_dir / FOLDER)


def has_point(output_dir: Path) -> bool:
    """Returns whether a run has a resume point, valid or not.

    Args:
        output_dir: The folder of the run.
    """
    return any((output_dir / FOLDER / name).exists() for name in (NEWEST, BEFORE))


def size_of_points(output_dir: Path) -> int:
    """Returns the bytes that the resume points of a run take on disk.

    Args:
        output_dir: The folder of the run.
    """
    return sum(path.stat().st_size for path in (output_dir / FOLDER).glob("*"))


def remove_points(output_dir: Path) -> None:
    """Removes the resume points of a run.

    Args:
        output_dir: The folder of the run.
    """
    folder = output_dir / FOLDER
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()


def _write(state: TrainingState, about: Mapping[str, Any], folder: Path) -> None:
    newest = folder / NEWEST
    upcoming = folder / f"upcoming-{NEWEST}"
    save_state(state, upcoming, about)
    if newest.exists():
        newest.replace(folder / BEFORE)
    upcoming.replace(newest)
