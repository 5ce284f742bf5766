"""The hand-written model of altitude 2: a train_step with clipping and the norm as a metric."""

from typing import Any

import keras
import tensorflow as tf


class ClippedModel(keras.Model):
    """A functional model that clips its gradients by global norm.

    Args:
        *args: Input and output.
        clip_norm: Upper bound of the norm.
        **kwargs: As `keras.Model` takes them.
    """

    def __init__(self, *args: Any, clip_norm: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clip_norm = clip_norm
        self.norm_tracker = keras.metrics.Mean(name="grad_norm")

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update, and the metrics of the epoch so far."""
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        clipped, norm = tf.clip_by_global_norm(gradients, self.clip_norm)
        self.optimizer.apply_gradients(zip(clipped, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            elif metric.name == "grad_norm":
                metric.update_state(norm)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}
