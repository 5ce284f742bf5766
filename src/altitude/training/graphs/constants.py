"""What a graph takes from a compiled model as it is, and keeps as a constant."""

from __future__ import annotations

import re
from typing import Any

from altitude.internals.keras import VOLATILE as CALLED
from altitude.internals.keras import all_layers, inner_optimizers
from altitude.lazy import keras, np, tf

VOLATILE = frozenset(
    {
        *CALLED,
        "built",
        "stop_evaluating",
        "stop_training",
    }
)
"""Attributes of layers and optimizers that differ from run to run and leave graphs alone."""


def constants(model: keras.Model) -> str:
    """Describes what a graph takes from a model as constants: plain attributes, shapes, arrays.

    Args:
        model: The model, compiled or not.

    Returns:
        A text that is equal for equal constants.
    """
    parts = [*all_layers(model), *_optimizers(getattr(model, "optimizer", None))]
    return repr([(type(part), _attributes(part)) for part in parts])


def _attributes(part: Any) -> dict[str, Any]:
    described = {n: _constant(v) for n, v in vars(part).items() if n not in VOLATILE}
    return {name: value for name, value in sorted(described.items()) if value is not None}


def _constant(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, dict):
        # Keras' optimizers number variables through a process: hidden/kernel_157.
        return [(re.sub(r"_\d+$", "", str(key)), _constant(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [_constant(item) for item in value]
    if isinstance(value, keras.Variable | tf.Variable):
        return (tuple(value.shape), str(value.dtype), value.trainable)
    if isinstance(value, np.ndarray | np.generic) or (
        tf.is_tensor(value) and hasattr(value, "numpy")
    ):
        array = np.asarray(value)
        return (array.shape, str(array.dtype), array.tobytes())
    if isinstance(value, keras.Layer | keras.metrics.Metric | keras.optimizers.Optimizer | type):
        return None  # parts of their own
    return _configured(value)


def _configured(value: Any) -> Any:
    """Schedules, initializers, regularizers and the like say themselves what they hold."""
    if not hasattr(value, "get_config"):
        return None
    try:
        return (type(value), value.get_config())
    except NotImplementedError:
        return None


def _optimizers(optimizer: Any) -> list[Any]:
    if optimizer is None:
        return []
    inner = [*inner_optimizers(optimizer)]
    inner += [o for o in (getattr(optimizer, "inner_optimizer", None),) if o is not None]
    return [optimizer, *(part for member in inner for part in _optimizers(member))]
