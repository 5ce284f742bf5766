"""Ctrl-C and the signals that end a sweep: the first one gracefully, the second at once."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psutil

from altitude.errors import Terminated

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def handling_signals() -> Iterator[None]:
    """Makes the first signal raise, so that a sweep can close, and the second one kill it.

    Raises:
        KeyboardInterrupt: Inside the block, at the first signal.
    """
    asked = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _end_at_once()
        asked = True
        raise (
            KeyboardInterrupt
            if number == signal.SIGINT
            else Terminated(signal.Signals(number).name)
        )

    before: dict[int, Any] = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once() -> None:
    for child in psutil.Process().children(recursive=True):
        child.kill()
    sys.stderr.write("altitude: stopped at once; the same command goes on from here\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
