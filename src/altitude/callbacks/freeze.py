"""Training in two phases: some layers rest at first, then all of them are fine-tuned."""

from collections.abc import Sequence
from typing import Any

import keras

from altitude.models.layers import require_layers


class Freeze(keras.callbacks.Callback):
    """Keeps layers frozen for the first epochs, then trains them too, at a rate of its own.

    Args:
        layers: Names of the layers, or patterns for them.
        epochs: How many epochs they stay frozen.
        learning_rate: The learning rate from then on.
    """

    def __init__(self, layers: Sequence[str], epochs: int, learning_rate: float) -> None:
        super().__init__()
        self._patterns = layers
        self._epochs = epochs
        self._learning_rate = learning_rate

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._set_trainable(False)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        if epoch == self._epochs:
            self._set_trainable(True)
            self.model.optimizer.learning_rate = self._learning_rate
            # Keras' own loop would go on with the graph in which they were frozen.
            self.model.make_train_function(force=True)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._set_trainable(True)

    def _set_trainable(self, trainable: bool) -> None:
        for layer in require_layers(self.model, self._patterns, "callbacks.freeze.layers"):
            layer.trainable = trainable
