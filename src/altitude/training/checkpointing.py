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
) -> Iterator[Follow]:
    """Leaves resume points of a training in its folder.

    Inside, a request to end waits for the end of the batch, so that a point can be left first.

    Args:
        output_dir: The folder of the run.
        about: What the run is recognised by.
        loop: Says how often.
        state: Copies the state of the training.
        request: The request to end the process, if there was one.

    Yields:
        What is to be called between batches and between epochs.
    """
    points = ResumePoints(output_dir, about)
    try:
        with request.deferred():
            yield Checkpointing(state, points, loop, request).follow
    finally:
        points.close()


class Checkpointing:
    """Leaves resume points at the ends of epochs and, in long epochs, between batches.

    Epochs that are shorter than it takes to leave a point are passed over.

    Args:
        state: Copies the state of the training.
        points: Writes it.
        loop: Says how often within an epoch.
        request: Whether the process was asked to end: then a point is left first.
    """

    def __init__(
        self,
        state: Callable[[], TrainingState],
        points: ResumePoints,
        loop: Loop,
        request: EndRequest,
    ) -> None:
        self._state = state
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
        elif self._is_due(position):
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
