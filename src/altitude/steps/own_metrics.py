"""A step with its own loss and metrics: only the optimizer is compiled."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.replicas import unscaled
from altitude.validation import STRICT

NAMES = ("loss", "accuracy")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OwnMetrics(ClippingStep):
    """Cross-entropy of integer labels and logits, with metrics as attributes of the model.

    Keras resets metrics of the model at the start of every epoch and of every evaluation.
    """

    owns_objective = True
    distributable = True
    variable_settings = ("clip_norm",)

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """Loss and accuracy and, with clipping, `grad_norm`."""
        return (*NAMES, *super().reported_metrics)

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """Loss and accuracy."""
        return NAMES

    def build(self, model: keras.Model) -> None:
        """Adds the metrics."""
        super().build(model)
        model.cross_entropy = keras.metrics.SparseCategoricalCrossentropy("loss", from_logits=True)
        model.accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        x, y = batch[:2]
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            loss = unscaled(cross_entropy(y, logits))
        self.descend(model, tape, loss)
        return self._measure(model, y, logits, self.reported_metrics)

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from one batch and returns them."""
        x, y = batch[:2]
        return self._measure(model, y, model(x, training=False), self.evaluated_metrics)

    def _measure(
        self, model: keras.Model, y: object, logits: object, names: tuple[str, ...]
    ) -> Logs:
        model.cross_entropy.update_state(y, logits)
        model.accuracy.update_state(y, logits)
        return {name: value for name, value in model.get_metrics_result().items() if name in names}
