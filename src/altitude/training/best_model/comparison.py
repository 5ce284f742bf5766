"""Whether a model that was reloaded is the one that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from altitude.lazy import tf

OPEN_DIMENSION = 8
"""The size of an example in dimensions that the model leaves open."""

LIMIT = 2
"""Integers in examples are below this, so that they are valid indices of most tables."""


def examples(symbolic: Any, largest: float) -> Any:
    """Makes two examples for inputs of the same structure, numbers from 0 to `largest`.

    Args:
        symbolic: The symbolic inputs of a model, of any structure.
        largest: The largest number among the examples.

    Returns:
        Arrays or tensors of the same structure, with a batch of two; integers stay below a small
        limit.
    """
    generator = np.random.default_rng(0)

    def example(tensor: Any) -> Any:
        size = [2, *(length or OPEN_DIMENSION for length in tensor.shape[1:])]
        dtype = tf.as_dtype(tensor.dtype)
        if dtype == tf.string:
            return tf.fill(size, "a b")
        if dtype.is_integer or dtype.is_bool:
            return tf.cast(generator.integers(0, LIMIT, size), dtype)
        return tf.cast(largest * generator.random(size), dtype)

    return keras.tree.map_structure(example, symbolic)


def difference(saved: keras.Model, reloaded: keras.Model, inputs: Any) -> str:
    """Returns how a reloaded model differs, in words; empty if it does not.

    A model whose outputs are random is compared by its weights alone.

    Args:
        saved: The model that was saved.
        reloaded: The model that was read from the file.
        inputs: A batch of inputs for both.
    """
    before, after = saved.get_weights(), reloaded.get_weights()
    if len(before) != len(after) or not _close(before, after, tolerance=0.0):
        return "its weights are others"
    outputs = _outputs(saved, inputs)
    if not _close(outputs, _outputs(saved, inputs), tolerance=0.0):
        return ""
    if not _close(outputs, _outputs(reloaded, inputs), tolerance=1e-4):
        return "with the same weights it computes something else"
    return ""


def _outputs(model: keras.Model, inputs: Any) -> Sequence[Any]:
    outputs = keras.tree.flatten(model(inputs, training=False))
    return [keras.ops.convert_to_numpy(output) for output in outputs]


def _close(first: Sequence[Any], second: Sequence[Any], tolerance: float) -> bool:
    pairs = zip(first, second, strict=True)
    return all(
        a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        for a, b in pairs
    )
