"""Sets the epoch on which the order of the training examples depends."""

from typing import Any

import keras
import tensorflow as tf


class EpochOrder(keras.callbacks.Callback):
    """Sets the variable on which the order of the training examples depends.

    Args:
        epoch: Scalar int64 variable; see `altitude.data.pipeline.Pipelines`.
    """

    def __init__(self, epoch: tf.Variable) -> None:
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._epoch.assign(epoch)
