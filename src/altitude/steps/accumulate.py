"""Gradient accumulation within a batch, for batches that do not fit into memory at once."""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from altitude.errors import ConfigError, Problem
from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.gradients import gradients_of
from altitude.steps.objective import compute_loss, unpack
from altitude.validation import STRICT, Count


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Accumulate(ClippingStep):
    """Computes the gradient of a batch in micro-batches and updates the weights once.

    Each part is weighted by its number of examples, so the update is that of the whole batch, also
    of a short last one. Layers that depend on the batch, such as BatchNormalization, see the parts.

    Attributes:
        micro_batches: The number of parts of a batch.

    Example:
        >>> from altitude.loops import TrainStep
        >>> from altitude.steps import Accumulate
        >>> loop = TrainStep(step=Accumulate(micro_batches=8, clip_norm=1.0))
    """

    distributable = True
    variable_settings = ("clip_norm",)

    micro_batches: Count = 4

    def build(self, model: keras.Model) -> None:
        """Adds the metric `grad_norm` and the bound, where there is clipping.

        Raises:
            ConfigError: If XLA is to compile the step: the parts of a short batch are shorter.
        """
        super().build(model)
        if model.jit_compile:
            expected = "false: the parts of the short last batch have a length that XLA cannot know"
            raise ConfigError(
                [Problem("loop.jit_compile", "true", expected, "loop.jit_compile=false")]
            )

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far."""
        count = tf.shape(tf.nest.flatten(batch)[0])[0]
        length = (count + self.micro_batches - 1) // self.micro_batches
        reached = [False] * len(model.trainable_variables)

        def add(start: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
            part = tf.nest.map_structure(lambda tensor: tensor[start : start + length], batch)
            share = tf.minimum(length, count - start) / count
            for position, gradient in enumerate(_gradients(model, part)):
                if gradient is not None:
                    reached[position] = True
                    sums[position] += tf.cast(share, gradient.dtype) * gradient
            return start + length, sums

        zeros = [tf.zeros_like(variable) for variable in model.trainable_variables]
        _, sums = tf.while_loop(lambda start, _: start < count, add, (tf.constant(0), zeros))
        gradients = [total if seen else None for total, seen in zip(sums, reached, strict=True)]
        self.update(model, gradients)
        return model.get_metrics_result()  # type: ignore[no-any-return]


def _gradients(model: keras.Model, batch: Batch) -> list[Any]:

    x, y, sample_weight = unpack(batch)
    with tf.GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = compute_loss(model, x, y, y_pred, sample_weight)
    model.compute_metrics(x, y, y_pred, sample_weight)
    return gradients_of(model, tape, loss)
