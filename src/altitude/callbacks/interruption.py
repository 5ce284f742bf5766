"""Ends an evaluation at the next batch after a request to end the process."""

from collections.abc import Callable
from typing import Any

import keras


class Interruption(keras.callbacks.Callback):
    """Ends an evaluation after the batch in which the process was asked to end.

    Training batches end through `Training.fit`, which can write a resume point first.

    Args:
        raise_if_asked: Raises if the process was asked to end; see `altitude.session.EndRequest`.
    """

    def __init__(self, raise_if_asked: Callable[[], None]) -> None:
        super().__init__()
        self._raise_if_asked = raise_if_asked

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._raise_if_asked()
