"""Finds layers of a model by name, and its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from altitude.errors import ConfigError, Problem, did_you_mean
from altitude.lazy import keras


def require_layer(model: keras.Model, name: str, key: str) -> keras.layers.Layer:
    """Returns the layer of that name.

    Args:
        model: The model.
        name: The layer's name.
        key: The config key that holds the name.

    Raises:
        ConfigError: If there is none.
    """
    (layer,) = require_layers(model, [name], key)
    return layer


def require_layers(
    model: keras.Model, patterns: Sequence[str], key: str
) -> list[keras.layers.Layer]:
    """Returns the layers whose names match one of the patterns, such as `conv_*`.

    Args:
        model: The model; only its outermost layers are matched, each with all that it contains.
        patterns: Names, or patterns for them.
        key: The config key that holds the patterns.

    Raises:
        ConfigError: If a pattern matches no layer.
    """
    names = [layer.name for layer in model.layers]
    unmatched = [p for p in patterns if not any(fnmatchcase(name, p) for name in names)]
    if unmatched:
        expected = f"a layer of the model: {', '.join(names)}"
        raise ConfigError([Problem(key, p, expected, did_you_mean(p, names)) for p in unmatched])
    return [layer for layer in model.layers if any(fnmatchcase(layer.name, p) for p in patterns)]


def inputs_and_outputs(model: keras.Model) -> tuple[Any, Any]:
    """Returns the symbolic inputs and outputs of a functional or sequential model.

    Args:
        model: A built functional or sequential model.
    """
    if isinstance(model, keras.Sequential):  # which knows its `input` only once it was called
        return model.inputs[0], model.outputs[0]
    return model.input, model.output
