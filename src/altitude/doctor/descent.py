"""Loss, gradients and updates of a compiled model, outside of any loop."""

from __future__ import annotations

from typing import Any

from altitude.lazy import keras, tf
from altitude.steps.objective import unpack


def loss_of(model: keras.Model, batch: Any, *, training: bool) -> tf.Tensor:
    """Returns the compiled loss of a batch, a scalar, regularisation included.

    Args:
        model: The compiled model.
        batch: (x, y) or (x, y, sample_weight).
        training: Whether layers such as dropout behave as in training.
    """
    x, y, sample_weight = unpack(batch)
    y_pred = model(x, training=training)
    return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)


def gradients_of(model: keras.Model, batch: Any) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
    """Returns the loss of a batch, and its gradient for each trainable variable.

    Args:
        model: The compiled model.
        batch: (x, y) or (x, y, sample_weight).

    Returns:
        The loss, a scalar; and the gradients, None where a variable has no part in the loss.
    """
    with tf.GradientTape() as tape:
        loss = loss_of(model, batch, training=True)
    variables = [variable.value for variable in model.trainable_variables]
    return loss, tape.gradient(loss, variables)


def descend(model: keras.Model, batch: Any, optimizer: keras.optimizers.Optimizer) -> tf.Tensor:
    """Updates the weights from one batch.

    Args:
        model: The compiled model.
        batch: (x, y) or (x, y, sample_weight).
        optimizer: The optimizer; with loss scaling, the loss is scaled as it expects.

    Returns:
        The loss before the update, a scalar.
    """
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = loss_of(model, batch, training=True)
        scaled = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, [variable.value for variable in variables])
    known = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
    optimizer.apply([g for g, _ in known], [v for _, v in known])
    return loss


def takes_gradients(optimizer: Any) -> bool:
    """Returns whether an optimizer is one of Keras, and not several by the name of a group.

    Args:
        optimizer: What the model was compiled with.
    """
    return isinstance(optimizer, keras.optimizers.Optimizer)
