"""Building blocks of steps for the compiled loss and metrics."""

from __future__ import annotations

from typing import Any

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.replicas import unscaled


def unpack(batch: Batch) -> tuple[Any, Any, Any]:
    """Returns (x, y, sample_weight) of a batch; missing parts are None.

    Args:
        batch: The tensors `x`, `(x, y)` or `(x, y, sample_weight)`.
    """
    return keras.utils.unpack_x_y_sample_weight(batch)  # type: ignore[no-any-return]


def compute_loss(model: keras.Model, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> tf.Tensor:
    """Computes the compiled loss, regularisation losses of layers included, and tracks it.

    Args:
        model: The compiled model.
        x: The inputs of the batch.
        y: The targets, or None.
        y_pred: The outputs of the model for `x`.
        sample_weight: One weight an example, or None.

    Returns:
        The loss of the batch, a scalar: weighted by `sample_weight`, averaged over the batch.
    """
    loss = unscaled(model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight))
    track_loss(model, loss, tf.shape(tf.nest.flatten(x)[0])[0])
    return loss


def track_loss(model: keras.Model, loss: tf.Tensor, batch_size: tf.Tensor) -> None:
    """Updates the epoch's mean loss, weighted by batch size.

    Args:
        model: The compiled model; without a metric named `loss` nothing is updated.
        loss: The mean loss of the batch, a scalar.
        batch_size: The number of examples in the batch, a scalar.
    """
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(loss, sample_weight=batch_size)


def evaluate_objective(model: keras.Model, batch: Batch) -> Logs:
    """Evaluates the compiled loss and metrics on one batch, as Keras' own `test_step` does.

    Args:
        model: The compiled model.
        batch: The tensors `(x, y)` or `(x, y, sample_weight)`.

    Returns:
        The metrics of the evaluation so far, by name.
    """
    x, y, sample_weight = unpack(batch)
    y_pred = model(x, training=False)
    compute_loss(model, x, y, y_pred, sample_weight)
    return model.compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[no-any-return]
