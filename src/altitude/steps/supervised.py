"""The training step of Keras' `fit`, written out, with clipping by global norm."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.objective import compute_loss, unpack
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Supervised(ClippingStep):
    """Forward pass, compiled loss, gradients, update, compiled metrics.

    Example:
        >>> import numpy as np
        >>> import keras
        >>> from altitude.steps import Supervised
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> step = Supervised(clip_norm=1.0)
        >>> step.build(model)
        >>> batch = (np.ones((8, 4), np.float32), np.ones((8, 1), np.float32))
        >>> sorted(step.train(model, batch))
        ['grad_norm', 'loss']
    """

    distributable = True
    variable_settings = ("clip_norm",)

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        x, y, sample_weight = unpack(batch)
        with tf.GradientTape() as tape:
            y_pred = model(x, training=True)
            loss = compute_loss(model, x, y, y_pred, sample_weight)
        self.descend(model, tape, loss)
        return model.compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[no-any-return]
