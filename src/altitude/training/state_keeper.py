"""The callback that reads and restores the state of a training between two batches."""

from collections.abc import Callable
from typing import Any

import keras

from altitude.loops.position import Position

Act = Callable[[], None]


class StateKeeper(keras.callbacks.Callback):
    """Follows the position of a training, and restores what its beginning resets.

    Stands behind all other callbacks, Keras' History included.

    Args:
        start: The epoch and batch to begin with.
        restore: Restores what callbacks reset when the training begins and, in the middle of an
            epoch, what is reset when that begins.
        on_position: Called between two calls of the step and between two epochs.
    """

    def __init__(self, start: Position, restore: Act, on_position: Callable[[Position], None]):
        super().__init__()
        self._start = start
        self._restore = restore
        self._on_position = on_position
        self._epoch = start.epoch

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._restore()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._epoch = epoch
        if self._start == Position(epoch, self._start.step) and self._start.step:
            self._restore()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        steps = (self.params or {}).get("steps")  # a loop of the user's own need not know
        if steps is None or batch + 1 < steps:  # at the last one, only validation is left
            self._on_position(Position(self._epoch, batch + 1))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._on_position(Position(epoch + 1, 0))
