"""A training step and a test step written from scratch, as a template for new ones.

It consists of a forward pass, a loss with regularisation losses, gradients and an update. Metrics
of training and of evaluation are separate objects.
"""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.gradients import drop_missing_gradients
from altitude.steps.step import Step
from altitude.validation import STRICT

NAMES = ("loss", "regularization_loss", "accuracy")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FromScratch(Step):
    """Cross-entropy of integer labels and logits, plus the model's regularisation losses."""

    owns_objective = True

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """Total loss, regularisation loss and accuracy."""
        return NAMES

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """Total loss, regularisation loss and accuracy."""
        return NAMES

    def build(self, model: keras.Model) -> None:
        """Adds separate metrics for training and evaluation."""
        for stage in ("train", "test"):
            setattr(model, f"{stage}_loss", keras.metrics.Mean(f"{stage}_loss"))
            setattr(model, f"{stage}_penalty", keras.metrics.Mean(f"{stage}_penalty"))
            accuracy = keras.metrics.SparseCategoricalAccuracy(f"{stage}_accuracy")
            setattr(model, f"{stage}_accuracy", accuracy)

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        x, y = batch[:2]
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss, penalty = _losses(model, y, logits)
        gradients = tape.gradient(loss, model.trainable_variables)
        # Warns of variables without a gradient, and leaves them out.
        model.optimizer.apply_gradients(
            drop_missing_gradients(model.trainable_variables, gradients)
        )
        return _measure(model, "train", y, logits, loss, penalty)

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from one batch and returns them."""
        x, y = batch[:2]
        logits = model(x, training=False)
        return _measure(model, "test", y, logits, *_losses(model, y, logits))


def _losses(model: keras.Model, y: Any, logits: Any) -> tuple[Any, Any]:
    """Returns the total loss and the regularisation loss, scalars."""
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, logits)
    penalty = tf.add_n(model.losses) if model.losses else tf.constant(0.0)
    return cross_entropy + penalty, penalty


def _measure(model: keras.Model, stage: str, y: Any, logits: Any, loss: Any, penalty: Any) -> Logs:
    count = tf.shape(logits)[0]
    metrics = [getattr(model, f"{stage}_{what}") for what in ("loss", "penalty", "accuracy")]
    metrics[0].update_state(loss, sample_weight=count)
    metrics[1].update_state(penalty, sample_weight=count)
    metrics[2].update_state(y, logits)
    return {name: metric.result() for name, metric in zip(NAMES, metrics, strict=True)}
