"""Ends a training that was asked to end, at the next batch."""

from collections.abc import Callable
from typing import Any

import keras


class Interruption(keras.callbacks.Callback):
    """Raises after each batch what a signal has raised before, if that was lost on its way.

    Args:
        raise_again: See `altitude.session.ending_on_signals`.
    """

    def __init__(self, raise_again: Callable[[], None]) -> None:
        super().__init__()
        self._raise_again = raise_again

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._raise_again()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._raise_again()
