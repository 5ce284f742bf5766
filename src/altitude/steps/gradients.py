"""Computing, clipping and applying gradients."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from altitude.lazy import keras, tf
from altitude.steps import replicas


def gradients_of(model: keras.Model, tape: tf.GradientTape, loss: tf.Tensor) -> list[Any]:
    """Returns the gradient of a loss with respect to each trainable variable, or None.

    Gradients are scaled if the optimizer scales its loss, as in mixed precision.

    Args:
        model: A compiled model.
        tape: The tape that recorded the loss.
        loss: The loss of the batch, a scalar.

    Returns:
        One entry for each of `model.trainable_variables`, in their order: a tensor of the
        variable's shape, or None where the loss does not depend on it.
    """
    scale = model.optimizer.scale_loss(tf.ones_like(loss))
    return tape.gradient(loss, model.trainable_variables, scale)  # type: ignore[no-any-return]


def apply_gradients(
    model: keras.Model, gradients: Sequence[Any], clip_norm: float | tf.Variable | None
) -> None:
    """Updates the trainable variables of a model, with optional clipping by global norm.

    The norm before clipping updates the model's metric `grad_norm`, if it has one.

    Args:
        model: The compiled model.
        gradients: For each trainable variable its gradient, or None; scaled, if the optimizer
            scales its loss.
        clip_norm: Upper bound of the gradients' global L2 norm, or None. A variable can
            change without retracing.

    Raises:
        ValueError: If no variable has a gradient.
    """
    pairs = _averaged(drop_missing_gradients(model.trainable_variables, gradients))
    if clip_norm is not None:
        # Mixed precision scales the loss: the bound applies to the norm of the unscaled gradients.
        scale = model.optimizer.scale_loss(tf.constant(1.0))
        values = [gradient for gradient, _ in pairs]
        norm = tf.linalg.global_norm(values)
        clipped, _ = tf.clip_by_global_norm(values, clip_norm * scale, use_norm=norm)
        pairs = [
            (gradient, variable) for gradient, (_, variable) in zip(clipped, pairs, strict=True)
        ]
        _track_norm(model, norm / scale)
    total, variables = zip(*pairs, strict=True)
    model.optimizer.apply_gradients(zip(replicas.divide_by_replicas(total), variables, strict=True))


def drop_missing_gradients(
    variables: Sequence[Any], gradients: Sequence[Any]
) -> list[tuple[Any, Any]]:
    """Pairs gradients with variables; warns of variables without a gradient and leaves them out.

    Args:
        variables: The trainable variables.
        gradients: As many gradients, in the same order; None for a variable that the loss does not
            reach.

    Returns:
        Pairs of gradient and variable, as `optimizer.apply_gradients` takes them.

    Raises:
        ValueError: If no variable has a gradient.
    """
    pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
    missing = [v.path for g, v in zip(gradients, variables, strict=True) if g is None]
    if not pairs:
        raise ValueError(
            f"the loss reaches none of the {len(variables)} trainable variables, so there is "
            "nothing to train. Compute the loss inside the GradientTape, from what the model "
            f"returned, without stop_gradient or .numpy(). Variables: {', '.join(missing)}"
        )
    if missing:
        warnings.warn(
            f"no gradient reaches {', '.join(missing)}: the other variables are trained, these "
            "keep their values. Freeze them (layer.trainable = False) or use them in the loss",
            stacklevel=2,
        )
    return pairs


def _averaged(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    gradients, variables = zip(*pairs, strict=True)
    return list(zip(replicas.averaged(gradients), variables, strict=True))


def _track_norm(model: keras.Model, norm: tf.Tensor) -> None:
    """Updates `grad_norm`, except for steps that are skipped after an overflow."""
    for metric in model.metrics:
        if metric.name == "grad_norm":
            finite = tf.math.is_finite(norm)
            metric.update_state(
                tf.where(finite, norm, 0.0), sample_weight=tf.cast(finite, norm.dtype)
            )
