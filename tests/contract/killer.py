"""Callbacks that disturb a training: one kills its own process at a chosen moment."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import keras

MOMENT = "KILL_AT"
"""The environment's variable with the moment: an event, what its files' names contain, a count."""


class Killer(keras.callbacks.Callback):
    """Counts events of a training and of the files that its process opens and renames."""

    def __init__(self) -> None:
        super().__init__()
        event, name, count = os.environ.get(MOMENT, "none::0").split(":")
        self._event, self._name, self._left = event, name, int(count)
        if event in ("open", "os.rename"):
            sys.addaudithook(self._hear)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._happened("batch")

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._happened("test_batch")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._happened("epoch_begin")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._happened("epoch_end")

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        self._happened("train_end")

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != self._event:
            return
        path = arguments[1] if event == "os.rename" else arguments[0]  # renamed to, or opened
        if self._name in str(path):
            self._happened(event)

    def _happened(self, event: str) -> None:
        if event == self._event:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Slow(keras.callbacks.Callback):
    """Waits after each epoch in the first process that trains, so that its time is soon over."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        try:
            Path("begun").touch(exist_ok=False)
        except FileExistsError:
            self._seconds = 0.0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        time.sleep(self._seconds)
