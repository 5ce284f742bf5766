"""Finds where a training became NaN or infinite, by training again batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from altitude.data.pipeline import Pipelines
from altitude.lazy import keras, tf
from altitude.models.variables import metric_variables, variables
from altitude.steps.objective import unpack
from altitude.training.model_state import read_variables, set_variables
from altitude.training.state import TrainingState


@dataclass(frozen=True)
class Divergence:
    """The batch whose update is the first that is not finite.

    Attributes:
        epoch: Its epoch, counted from 1.
        step: Its number in the epoch, counted from 1.
        cause: What of it is the first that is not finite, in words.
    """

    epoch: int
    step: int
    cause: str

    def __str__(self) -> str:
        return f"epoch {self.epoch}, step {self.step}: {self.cause}"


def find_divergence(
    model: keras.Model, pipelines: Pipelines, state: TrainingState
) -> Divergence | None:
    """Trains again from a state to the end of its epoch, and stops where it is not finite.

    Args:
        model: The prepared model, whose variables change.
        pipelines: The data.
        state: A state from before, in the same epoch.

    Returns:
        The batch; None if all updates of the epoch are finite this time, as when a callback had
        changed something between two batches.
    """
    set_variables(variables(model), state.variables)
    model.reset_metrics()
    if state.metrics:
        set_variables(metric_variables(model), state.metrics)
    epoch, first = state.position.epoch, state.position.step
    pipelines.epoch.assign(epoch)
    train = tf.function(lambda batch: model.train_step(batch), autograph=False)
    for step, batch in enumerate(pipelines.train_from(first), start=first + 1):
        before = read_variables(variables(model))
        logs = train(batch)
        if not (_all_finite(_losses(logs)) and _all_finite(model.trainable_variables)):
            set_variables(variables(model), before)
            return Divergence(epoch + 1, step, _cause(model, batch))
    return None


def _losses(logs: Mapping[str, Any]) -> list[Any]:
    return [value for name, value in logs.items() if name.endswith("loss")]


def _cause(model: keras.Model, batch: Any) -> str:
    """The first of inputs, outputs of layers, loss and gradients that is not finite."""
    x, y, sample_weight = unpack(batch)
    for name, part in (("inputs", x), ("labels", y), ("sample weights", sample_weight)):
        if not _all_finite(tf.nest.flatten(part)):
            return f"its {name} are not finite, before the model sees them"
    if getattr(model, "loss", None) is None:  # only the step knows what it does with the model
        return "its inputs are finite, and its loss or its update is not"
    layer = _first_layer(model, x)
    if layer:
        return f"the output of the layer `{layer}` is the first that is not finite"
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True), sample_weight, training=True)
    if not _all_finite([loss]):
        return f"the outputs of all layers are finite, and the loss is {float(loss)}"
    named = [variable.path for variable in model.trainable_variables]
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    # Backwards: what comes last in the model gets its gradient first.
    for path, gradient in zip(reversed(named), reversed(gradients), strict=True):
        if not _all_finite([gradient]):
            which = f"the gradient of `{path}` is the first that is not finite"
            return f"the loss is {float(loss):.4g}, and {which}"
    return "loss and gradients are finite, but the update is not: the learning rate is too large"


def _first_layer(model: keras.Model, x: Any) -> str:
    """The first layer whose output is not finite; empty if there is none, or it is not known."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    try:
        inner = keras.Model(model.inputs, {layer.name: layer.output for layer in layers})
    except (AttributeError, ValueError):
        return ""  # a class that calls its layers by itself
    outputs = inner(x, training=True)
    bad = (layer.name for layer in layers if not _all_finite(tf.nest.flatten(outputs[layer.name])))
    return next(bad, "")


def _all_finite(values: Iterable[Any]) -> bool:
    tensors = [tf.convert_to_tensor(value) for value in values if value is not None]
    return all(
        bool(tf.reduce_all(tf.math.is_finite(tensor)))
        for tensor in tensors
        if tensor.dtype.is_floating
    )
