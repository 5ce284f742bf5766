"""Several losses with learned weights.

Source: Kendall, Gal and Cipolla (2018), https://arxiv.org/abs/1705.07115.
"""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.objective import unpack
from altitude.steps.replicas import unscaled
from altitude.validation import STRICT

LOSSES = ("label_loss", "image_loss")
WEIGHTS = ("label_weight", "image_weight")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UncertaintyWeighting(ClippingStep):
    """Trains a model to classify an image and to reconstruct it.

    Each of the two losses has a log variance s and the weight exp(-s). Adding s / 2 to the loss
    keeps the weights from vanishing. See `altitude.models.LabelAndImage` for the model.
    """

    owns_objective = True
    distributable = True
    variable_settings = ("clip_norm",)

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """The weighted sum, both losses and their weights, accuracy, `grad_norm`."""
        return ("loss", *LOSSES, *WEIGHTS, "accuracy", *super().reported_metrics)

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """The weighted sum, both losses and accuracy."""
        return ("loss", *LOSSES, "accuracy")

    def build(self, model: keras.Model) -> None:
        """Adds the log variances, which are trained with the model, and the metrics."""
        super().build(model)
        model.log_variances = keras.Variable([0.0, 0.0], name="log_variances")
        for name in (*LOSSES, *WEIGHTS):
            setattr(model, name, keras.metrics.Mean(name=name))
        model.total = keras.metrics.Mean(name="loss")
        model.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        with tf.GradientTape() as tape:
            loss = self._loss(model, batch, training=True)
        self.descend(model, tape, loss)
        for name, weight in zip(WEIGHTS, tf.unstack(tf.exp(-model.log_variances)), strict=True):
            getattr(model, name).update_state(weight)
        return self._results(model, self.reported_metrics)

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from one batch and returns them."""
        self._loss(model, batch, training=False)
        return self._results(model, self.evaluated_metrics)

    def saved_model(self, model: keras.Model) -> keras.Model:
        """Returns the model without the log variances, which it does not need to predict."""
        return keras.Model(model.input, model.output, name=model.name)

    def _loss(self, model: keras.Model, batch: Batch, training: bool) -> Any:
        """Updates the metrics and returns the weighted sum of the losses, a scalar."""
        x, y, sample_weight = unpack(batch)
        logits, image = model(x, training=training)
        label_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        losses = unscaled(
            tf.stack(
                [
                    label_loss(y, logits, sample_weight=sample_weight),
                    keras.losses.MeanSquaredError()(x, image),
                ]
            )
        )
        total = tf.reduce_sum(tf.exp(-model.log_variances) * losses + model.log_variances / 2)
        count = tf.shape(x)[0]
        for name, loss in zip(LOSSES, tf.unstack(losses), strict=True):
            getattr(model, name).update_state(loss, sample_weight=count)
        model.total.update_state(total, sample_weight=count)
        model.accuracy.update_state(y, logits)
        return total

    def _results(self, model: keras.Model, names: tuple[str, ...]) -> Logs:
        return {name: value for name, value in model.get_metrics_result().items() if name in names}
