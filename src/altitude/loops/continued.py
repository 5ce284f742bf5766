"""Keras' callbacks around a training that may begin in the middle of an epoch."""

from collections.abc import Sequence
from typing import Any

import keras

from altitude.loops.position import Position


class ContinuedCallbacks(keras.callbacks.CallbackList):
    """Calls callbacks as `fit` does, also where a training takes two calls of `fit`.

    The first of the two ends an epoch that has begun elsewhere. Callbacks see one training: one
    beginning, batches numbered through each epoch, and one end.

    Args:
        callbacks: The callbacks in the order of their calls; Keras' History is added at the end, if
            there is none among them.
        model: The compiled model.
        epochs: The largest number of epochs.
        steps: The number of batches in an epoch.
        start: The epoch and batch to begin with.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        *,
        model: keras.Model,
        epochs: int,
        steps: int,
        start: Position,
    ) -> None:
        super().__init__(
            list(callbacks), add_history=True, model=model, epochs=epochs, steps=steps, verbose=0
        )
        self._offset = start.step
        self._has_begun = False
        self._last_logs: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Begins the training, unless it has begun."""
        if not self._has_begun:
            self._has_begun = True
            super().on_train_begin(logs)

    def on_train_end(self, logs: Any = None) -> None:
        """Keeps the last logs for `end`: another call of `fit` may follow."""
        self._last_logs = logs

    def end(self) -> None:
        """Ends the training."""
        super().on_train_end(self._last_logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Calls the callbacks with the number of the batch within its epoch."""
        super().on_train_batch_begin(batch + self._offset, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Calls the callbacks with the number of the batch within its epoch."""
        super().on_train_batch_end(batch + self._offset, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Ends the epoch; the next one begins with its first batch."""
        self._offset = 0
        super().on_epoch_end(epoch, logs)


class EpochEnded(Exception):  # noqa: N818 - no error: it leaves `fit`
    """The epoch in whose middle the training began is over."""


class FitCallbacks(ContinuedCallbacks):
    """Leaves `fit` at the end of an epoch in whose middle it began.

    At its own end, `fit` would put averaged weights in the place of those that go on training.
    """

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Ends the epoch.

        Raises:
            EpochEnded: If the epoch began in its middle.
        """
        is_continued = self._offset > 0
        super().on_epoch_end(epoch, logs)
        if is_continued:
            raise EpochEnded
