"""The step that Keras' own `fit` makes, written out, with clipping by global norm."""

from typing import TYPE_CHECKING

from pydantic.dataclasses import dataclass

from altitude.steps.step import Batch, Logs, Step
from altitude.validation import STRICT, Positive

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Supervised(Step):
    """Forward pass, compiled loss, gradients, update, compiled metrics.

    Attributes:
        clip_norm: Upper bound of the gradients' global L2 norm; the norm before clipping is
            reported as `grad_norm`. None neither clips nor reports.
    """

    clip_norm: Positive | None = None

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """`grad_norm` where there is clipping."""
        return () if self.clip_norm is None else ("grad_norm",)

    def build(self, model: "keras.Model") -> None:
        """Adds the metric `grad_norm`, where there is clipping."""
        import keras

        if self.clip_norm is not None:
            model.grad_norm = keras.metrics.Mean(name="grad_norm")

    def train(self, model: "keras.Model", batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        import tensorflow as tf

        from altitude.steps.gradients import apply_gradients
        from altitude.steps.objective import compute_loss, unpack

        x, y, sample_weight = unpack(batch)
        with tf.GradientTape() as tape:
            y_pred = model(x, training=True)
            loss = compute_loss(model, x, y, y_pred, sample_weight)
            scaled_loss = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, model.trainable_variables)
        apply_gradients(model, gradients, self.clip_norm)
        return model.compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[no-any-return]

    def evaluate(self, model: "keras.Model", batch: Batch) -> Logs:
        """Evaluates the compiled loss and metrics; `grad_norm` is of training alone."""
        logs = super().evaluate(model, batch)
        return {name: value for name, value in logs.items() if name not in self.reported_metrics}
