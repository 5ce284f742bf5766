"""Training in two phases: some layers are frozen at first, then all are fine-tuned."""

from collections.abc import Sequence
from typing import Any

import keras

from altitude.models.layers import require_layers


class Freeze(keras.callbacks.Callback):
    """Freezes layers for the first epochs, then trains all layers at another learning rate.

    Args:
        layers: Names or patterns of the layers to freeze.
        epochs: Number of epochs for which they are frozen.
        learning_rate: Learning rate of the epochs after that.

    Example:
        >>> import altitude
        >>> experiment = altitude.Experiment(
        ...     callbacks={
        ...         "freeze": altitude.LazyCall(
        ...             "altitude.callbacks.Freeze",
        ...             {"layers": ["backbone"], "epochs": 2, "learning_rate": 1e-4},
        ...         )
        ...     }
        ... )
        >>> list(experiment.callbacks)
        ['freeze']
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
            # Otherwise Keras' fit would continue with the graph in which they are frozen.
            self.model.make_train_function(force=True)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._set_trainable(True)

    def _set_trainable(self, trainable: bool) -> None:
        for layer in require_layers(self.model, self._patterns, "callbacks.freeze.layers"):
            layer.trainable = trainable
