"""The base class of steps that apply one clipped gradient update on one loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.steps.gradients import apply_gradients, gradients_of
from altitude.steps.step import Step
from altitude.validation import STRICT, Positive, refuse


def clips(step: Step) -> bool:
    """Returns whether a step has a bound for the norm of its gradients.

    Args:
        step: The step of a loop.
    """
    return "clip_norm" in getattr(step, "__dataclass_fields__", {})


def with_clip_norm(step: Step, clip_norm: float) -> Step:
    """Returns a step with another bound of the gradients' norm.

    Args:
        step: A step with a field `clip_norm`; it is not changed.
        clip_norm: The largest global norm of the gradients.

    Returns:
        A copy of the step.

    Raises:
        PydanticCustomError: If the step takes none.
    """
    if not clips(step):
        refuse(f"a step with a field `clip_norm`: {type(step).__name__} has none")
    return replace(step, clip_norm=clip_norm)  # type: ignore[type-var]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClippingStep(Step):
    """A step whose update can be clipped by global norm.

    Attributes:
        clip_norm: Upper bound of the gradients' global L2 norm; the norm before clipping is
            reported as `grad_norm`. None neither clips nor reports.
    """

    variable_settings = ("clip_norm",)

    clip_norm: Positive | None = None

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """`grad_norm` where there is clipping."""
        return () if self.clip_norm is None else ("grad_norm",)

    def build(self, model: keras.Model) -> None:
        """Adds the metric `grad_norm` and the bound, where there is clipping."""
        if self.clip_norm is not None:
            model.grad_norm = keras.metrics.Mean(name="grad_norm")
            # A variable, so that one graph serves every bound; TensorFlow's own, so that Keras
            # neither counts it among the weights nor saves it.
            model.grad_norm_bound = tf.Variable(
                self.clip_norm, trainable=False, dtype=tf.float32, name="grad_norm_bound"
            )

    def descend(self, model: keras.Model, tape: tf.GradientTape, loss: Any) -> None:
        """Updates the trainable variables against the gradient of a loss, clipped.

        Args:
            model: The compiled model.
            tape: Has watched how the loss was computed.
            loss: The loss of the batch, a scalar.

        Raises:
            ValueError: If the loss reaches no variable.
        """
        self.update(model, gradients_of(model, tape, loss))

    def update(self, model: keras.Model, gradients: Sequence[Any]) -> None:
        """Updates the trainable variables against gradients, clipped.

        Args:
            model: The compiled model, after `build`.
            gradients: For each trainable variable its gradient, or None; scaled, if the optimizer
                scales its loss.

        Raises:
            ValueError: If no variable has a gradient.
        """
        bound = None if self.clip_norm is None else model.grad_norm_bound
        apply_gradients(model, gradients, bound)
