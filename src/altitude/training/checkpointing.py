"""Decides when a training leaves a resume point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from altitude.loops.loop import Loop
from altitude.loops.position import Position
from altitude.session import EndRequest
from altitude.training.resume_points import ResumePoints
from altitude.training.state import TrainingState

Follow = Callable[[Position], None]

COPY_SHARE = 0.02
"""The largest share of the time that copying states may take at the ends of epochs."""

WRITE_SHARE = 0.1
"""The largest share of the time in which states are written beside the training."""


@contextmanager
def resume_points(
    output_dir: Path,
    about: Mapping[str, Any],
    loop: Loop,
    state: Callable[[], TrainingState],
    request: EndRequest,
    on_written: Callable[[Path], None] = lambda _path: None,
    is_needed: Callable[[Position], bool] = lambda _position: False,
) -> Iterator[Follow]:
    """Writes resume points of a training into its folder.

    Inside the block, a request to end is deferred to the end of the batch, after a last point.

    Args:
        output_dir: The folder of the run.
        about: Plain values that identify the run.
        loop: The loop, for its `checkpoint_every_steps` and `checkpoint_every_seconds`.
        state: Copies the state of the training.
        request: The request to end the process, if there was one.
        on_written: Called with each point that has been written, in the thread that writes.
        is_needed: Whether a point is written at a position in any case.

    Yields:
        A function to call between batches and between epochs.
    """
    points = ResumePoints(output_dir, about, on_written)
    try:
        with request.deferred():
            yield Checkpointing(state, points, loop, request, is_needed).follow
    finally:
        points.close()


class Checkpointing:
    """Writes resume points at the ends of epochs and, in long epochs, between batches.

    The end of an epoch is skipped where copying would take more than `COPY_SHARE` of the time, or
    writing more than `WRITE_SHARE`.

    Args:
        state: Copies the state of the training.
        points: Writes the state.
        loop: The loop, for its `checkpoint_every_steps` and `checkpoint_every_seconds`.
        request: The request to end the process; a point is written first.
        is_needed: Whether a point is written at a position in any case.
    """

    def __init__(
        self,
        state: Callable[[], TrainingState],
        points: ResumePoints,
        loop: Loop,
        request: EndRequest,
        is_needed: Callable[[Position], bool] = lambda _position: False,
    ) -> None:
        self._state = state
        self._is_needed = is_needed
        self._points = points
        self._every_steps = loop.checkpoint_every_steps
        self._every_seconds = loop.checkpoint_every_seconds
        self._request = request
        self._last_at = self._ready_at = time.monotonic()
        self._last_step = 0

    def follow(self, position: Position) -> None:
        """Writes a resume point, if one is due at this position.

        Args:
            position: The epoch and batch that training has reached.

        Raises:
            KeyboardInterrupt: If the process was asked to end; the point is written by then.
        """
        if self._request.is_waiting:
            self._leave(position)
            self._points.finish()
            self._request.raise_if_asked()
        elif self._is_needed(position) or self._is_due(position):
            self._leave(position)

    def _is_due(self, position: Position) -> bool:
        now = time.monotonic()
        if position.step == 0:
            self._last_step = 0
            return now >= self._ready_at
        if self._every_steps and position.step - self._last_step >= self._every_steps:
            return True
        return now - self._last_at >= self._every_seconds

    def _leave(self, position: Position) -> None:
        began = time.monotonic()
        self._points.put(self._state())
        self._last_at, self._last_step = time.monotonic(), position.step
        waiting = (self._last_at - began) / COPY_SHARE
        writing = self._points.seconds_to_write / WRITE_SHARE
        self._ready_at = self._last_at + max(waiting, writing)
