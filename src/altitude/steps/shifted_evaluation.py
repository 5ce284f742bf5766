"""A step with a custom evaluation."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.objective import compute_loss, unpack
from altitude.steps.supervised import Supervised
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ShiftedEvaluation(Supervised):
    """Trains as usual; evaluates each image and its shifts by one pixel to the left and right.

    The three outputs are averaged. How often all predict the same class is reported as
    `agreement`: it shows how much a prediction depends on the position of the image.
    """

    variable_settings = ("clip_norm",)

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """`agreement`."""
        return ("agreement",)

    def build(self, model: keras.Model) -> None:
        """Adds the metric."""
        super().build(model)
        model.agreement = keras.metrics.Mean(name="agreement")

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights and returns the metrics without `agreement`."""
        logs = super().train(model, batch)
        return {name: value for name, value in logs.items() if name != "agreement"}

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from images, (batch, height, width[, channels]), and returns them."""
        x, y, sample_weight = unpack(batch)
        predictions = [model(tf.roll(x, shift, axis=2), training=False) for shift in (-1, 0, 1)]
        classes = tf.argmax(tf.stack(predictions), axis=-1)
        same = tf.reduce_all(classes == classes[0], axis=0)
        model.agreement.update_state(tf.cast(same, tf.float32))
        y_pred = tf.add_n(predictions) / len(predictions)
        compute_loss(model, x, y, y_pred, sample_weight)
        logs = model.compute_metrics(x, y, y_pred, sample_weight)
        return {name: value for name, value in logs.items() if name != "grad_norm"}
