"""What steps that take one gradient step on one loss have in common: the update, clipped."""

from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass

from altitude.steps.step import Step
from altitude.validation import STRICT, Positive

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClippingStep(Step):
    """A step whose update can be clipped by global norm.

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

    def descend(self, model: "keras.Model", tape: "tf.GradientTape", loss: Any) -> None:
        """Updates the trainable variables against the gradient of a loss, clipped.

        Args:
            model: The compiled model.
            tape: Has watched how the loss was computed.
            loss: The loss of the batch, a scalar.

        Raises:
            ValueError: If the loss reaches no variable.
        """
        from altitude.steps.gradients import apply_gradients, gradients_of

        apply_gradients(model, gradients_of(model, tape, loss), self.clip_norm)
