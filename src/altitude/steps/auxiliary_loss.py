"""An auxiliary loss on the output of a hidden layer."""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.models.layers import require_layer
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.objective import track_loss, unpack
from altitude.steps.replicas import unscaled, zero_if_empty
from altitude.validation import STRICT, Positive

NAMES = ("main_loss", "auxiliary_loss")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AuxiliaryLoss(ClippingStep):
    """Adds an L1 penalty on the activations of a layer to the compiled loss.

    Attributes:
        layer: Name of the layer whose output is penalised by its mean absolute value.
        weight: The weight of the second loss.

    Example:
        >>> from altitude.steps import AuxiliaryLoss
        >>> AuxiliaryLoss(layer="hidden_2", weight=0.1).reported_metrics
        ('main_loss', 'auxiliary_loss')
    """

    distributable = True
    variable_settings = ("clip_norm",)

    layer: str
    weight: Positive = 0.01

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """Both losses and, with clipping, `grad_norm`."""
        return (*NAMES, *super().reported_metrics)

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """Both losses."""
        return NAMES

    def build(self, model: keras.Model) -> None:
        """Adds a metric for each of the two losses.

        Raises:
            ConfigError: If the model has no layer of that name.
        """
        super().build(model)
        require_layer(model, self.layer, "loop.step.layer")
        model.main_loss = keras.metrics.Mean(name="main_loss")
        model.auxiliary_loss = keras.metrics.Mean(name="auxiliary_loss")

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        with tf.GradientTape() as tape:
            y_pred, loss = self._forward(model, batch, training=True)
        self.descend(model, tape, loss)
        x, y, sample_weight = unpack(batch)
        return model.compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[no-any-return]

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics, including both losses, and returns them."""
        y_pred, _ = self._forward(model, batch, training=False)
        x, y, sample_weight = unpack(batch)
        logs = model.compute_metrics(x, y, y_pred, sample_weight)
        return {name: value for name, value in logs.items() if name != "grad_norm"}

    def _forward(self, model: keras.Model, batch: Batch, training: bool) -> tuple[Any, Any]:
        """Updates the metrics; returns the model's output and the sum of both losses."""
        x, y, sample_weight = unpack(batch)
        tapped = keras.Model(model.input, [model.output, model.get_layer(self.layer).output])
        y_pred, inside = tapped(x, training=training)
        main = unscaled(model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight))
        auxiliary = zero_if_empty(tf.reduce_mean(tf.abs(tf.cast(inside, main.dtype))))
        batch_size = tf.shape(inside)[0]
        model.main_loss.update_state(main, sample_weight=batch_size)
        model.auxiliary_loss.update_state(auxiliary, sample_weight=batch_size)
        loss = main + self.weight * auxiliary
        track_loss(model, loss, batch_size)
        return y_pred, loss
