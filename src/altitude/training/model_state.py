"""Reading and setting what a compiled model holds: variables, and which layers are trainable."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from altitude.data.arrays import Array
from altitude.internals.keras import all_layers
from altitude.models.variables import metric_variables, variables
from altitude.training.state import StateError, TrainingState

SHOWN = 3
"""How many variables that do not fit are named."""


def read_variables(found: Sequence[tf.Variable]) -> dict[str, Array]:
    """Copies variables, by place and path: on several devices, the copy on each of them.

    Args:
        found: The variables.

    Returns:
        A copy of each value.
    """
    return {name: np.array(variable.numpy()) for name, variable in _by_name(found).items()}


def set_variables(found: Sequence[tf.Variable], values: Mapping[str, Array]) -> None:
    """Sets what `read_variables` has read from a model that was built in the same way.

    Args:
        found: The variables to set.
        values: Their values, by place and path.

    Raises:
        StateError: If the variables differ in number, path, shape or dtype; nothing is set.
    """
    present = _by_name(found)
    if present.keys() != values.keys():
        raise StateError(_difference("variables", present.keys(), values.keys()))
    other = [name for name, v in present.items() if not _fits(v, values[name])]
    if other:
        raise StateError(
            f"the state holds {_listed(other)} in another shape or dtype than this training has: "
            f"{values[other[0]].dtype} {values[other[0]].shape} in place of "
            f"{present[other[0]].dtype.name} {tuple(present[other[0]].shape)}"
        )
    for name, variable in present.items():
        variable.assign(values[name])


def read_trainable(model: keras.Model) -> dict[str, bool]:
    """Reads whether each layer is trainable, the model itself first.

    Args:
        model: The model.

    Returns:
        Whether each layer is trainable, by place and name.
    """
    return {_key(i, layer.name): bool(layer.trainable) for i, layer in _layers(model)}


def set_trainable(model: keras.Model, trainable: Mapping[str, bool]) -> None:
    """Sets which layers are trainable. Keras' own loop then traces its step again.

    Args:
        model: The compiled model.
        trainable: What `read_trainable` returned.

    Raises:
        StateError: If the layers are others; nothing is set.
    """
    present = read_trainable(model)
    if present.keys() != trainable.keys():
        raise StateError(_difference("layers", present.keys(), trainable.keys()))
    if present == trainable:
        return
    for i, layer in _layers(model):  # outer layers first: setting one sets those inside of it
        layer.trainable = trainable[_key(i, layer.name)]
    model.make_train_function(force=True)


def has_variables(model: keras.Model, state: TrainingState) -> bool:
    """Returns whether the model has all variables of a state: some appear with the first batch.

    Args:
        model: The compiled model.
        state: The state to be restored.
    """
    missing = len(_by_name(metric_variables(model))) < len(state.metrics)
    return not missing and len(_by_name(variables(model))) >= len(state.variables)


def _by_name(found: Sequence[tf.Variable]) -> dict[str, tf.Variable]:
    # What each device counts for itself, such as a metric, differs from copy to copy.
    copies = [copy for variable in found for copy in getattr(variable, "values", (variable,))]
    return {_key(i, _path(copy)): copy for i, copy in enumerate(copies)}


def _fits(variable: tf.Variable, value: Array) -> bool:
    return tuple(variable.shape) == value.shape and variable.dtype.as_numpy_dtype == value.dtype


def _layers(model: keras.Model) -> list[tuple[int, Any]]:
    return list(enumerate(all_layers(model)))


def _path(variable: tf.Variable) -> str:
    # Keras numbers names through a process: hidden/kernel_157, sequential_3/dense_7/kernel.
    name = str(getattr(variable, "path", variable.name))
    return re.sub(r"_\d+(?=$|/|:)", "", name)


def _key(place: int, name: str) -> str:
    return f"{place} {re.sub(r'_[0-9]+$', '', name)}"


def _difference(what: str, present: Any, held: Any) -> str:
    missing = [name for name in present if name not in held]
    strange = [name for name in held if name not in present]
    return (
        f"the state belongs to another training: of its {len(held)} {what} {len(strange)} are not "
        f"here ({_listed(strange)}), and of the {len(present)} here {len(missing)} are not in it "
        f"({_listed(missing)})"
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{shown}{more}" or "none"
