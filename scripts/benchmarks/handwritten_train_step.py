"""The hand-written recipe at altitude 2: a train_step with clipping and the norm as a metric."""

import sys
from typing import Any

import keras
import recipe
import tensorflow as tf


class ClippedModel(keras.Model):
    """A functional model that clips its gradients by global norm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.norm_tracker = keras.metrics.Mean(name="grad_norm")

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update, and the metrics of the epoch so far."""
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
        self.optimizer.apply_gradients(zip(clipped, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            elif metric.name == "grad_norm":
                metric.update_state(norm)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


epochs = int(sys.argv[1])
keras.utils.set_random_seed(42)
train, validation, test = recipe.load_datasets()
model = ClippedModel(*recipe.layers())
model.compile(**recipe.compile_arguments())
model.fit(
    train, validation_data=validation, epochs=epochs, verbose=2, callbacks=recipe.callbacks(epochs)
)
print(model.evaluate(test, verbose=0))
