"""Checks of what the layers of a model put out for one batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from altitude.data.arrays import Array
from altitude.doctor.report import Finding, Verdict
from altitude.lazy import keras

RECTIFIERS = ("relu", "relu6")
BOUNDED = ("sigmoid", "softmax", "tanh")
DEAD = 0.6
"""The share of a layer's units without any output above which units are called dead."""

AT_THE_BOUND, SATURATED = 0.99, 0.5
"""Outputs beyond the first are at their bound; so large a share of them is called saturated."""

LEAST_EXAMPLES = 32
"""With fewer examples in a batch, units that are silent say little."""


def check_activations(model: keras.Model, x: Any) -> Iterator[Finding]:
    """Looks for units that never put out anything, and for outputs at their bounds.

    Only models that are a graph of layers are examined.

    Args:
        model: The model.
        x: Inputs of a batch.

    Yields:
        A verdict for each layer that looks ill.
    """
    layers = [layer for layer in model.layers if _activation(layer) in (*RECTIFIERS, *BOUNDED)]
    if not layers:
        return
    try:
        inner = keras.Model(model.inputs, {layer.name: layer.output for layer in layers})
    except AttributeError:
        return  # a class that calls its layers by itself
    outputs = inner(x, training=False)
    for layer in layers:
        values = keras.ops.convert_to_numpy(outputs[layer.name])
        if len(values) >= LEAST_EXAMPLES:
            yield from _of_layer(layer.name, _activation(layer), values)


def _activation(layer: keras.layers.Layer) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def _of_layer(name: str, activation: str, values: Array) -> Iterator[Finding]:
    if activation in RECTIFIERS:
        units = values.reshape(-1, values.shape[-1])
        dead = int((units <= 0).all(axis=0).sum())
        if dead > DEAD * values.shape[-1]:
            yield Verdict(
                name="dead units",
                subject="model",
                seen=f"{dead} of {values.shape[-1]} units of `{name}` are zero for every example",
                reason="a unit that is always zero has no gradient, and never learns",
                instead="model.activation=leaky_relu or gelu, smaller biases, or scaled inputs",
            )
        return
    share = float((np.abs(values).max(axis=-1) >= AT_THE_BOUND).mean())
    if share > SATURATED:
        yield Verdict(
            name="saturated outputs",
            subject="model",
            seen=f"{share:.0%} of the outputs of `{name}` ({activation}) are at their bound",
            reason="there the gradient all but vanishes",
            instead="inputs from about -1 to 1 (dataset.divisor), or smaller initial weights",
        )
