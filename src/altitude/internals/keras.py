"""Private names of Keras, except those of its optimizers and callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from altitude.lazy import keras

VOLATILE = ("_called", "_nodes")
"""Attributes of layers and optimizers that record how often they were called, and where."""


def all_layers(model: keras.Model, *, include_self: bool = True) -> list[Any]:
    """Returns a model and its layers, also those inside of other layers.

    Args:
        model: Any model.
        include_self: Whether the model itself comes first.
    """
    return list(model._flatten_layers(include_self=include_self))


def output_layer(model: keras.Model) -> Any:
    """Returns the layer that a model's first output comes from.

    Args:
        model: A built functional or sequential model.
    """
    return model.outputs[0]._keras_history.operation


def inner_optimizers(optimizer: Any) -> Sequence[Any]:
    """Returns the optimizers that a `MultiOptimizer` consists of; none for any other.

    Args:
        optimizer: Any Keras optimizer.
    """
    return tuple(getattr(optimizer, "_inner_optimizers", ()))


def set_first_build(model: keras.Model, build: Callable[[Any], None]) -> None:
    """Makes `fit` and `evaluate` call a function with their iterator before the first batch.

    Args:
        model: The compiled model.
        build: The function to call in place of Keras' symbolic build; it takes Keras' epoch
            iterator.
    """
    model._maybe_symbolic_build = build


def build_from_batch(model: keras.Model, batch: Any) -> None:
    """Builds what a model builds at its first batch: layers, optimizer, metrics.

    Args:
        model: The compiled model.
        batch: The tensors of one batch, as the model's `train_step` takes them.
    """
    model._symbolic_build(data_batch=batch)
