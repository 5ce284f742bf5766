"""Reading and setting what callbacks remember from one epoch to the next."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from altitude.internals.keras_callbacks import REMEMBERED
from altitude.training.state import StateError


def read_callbacks(callbacks: Sequence[keras.callbacks.Callback]) -> dict[str, dict[str, Any]]:
    """Copies the state of each callback that has one.

    Keras' own are known. Any other takes part by offering `get_state`, which returns nested
    mappings and lists of numbers, texts, None and arrays, and `set_state`, which takes that.

    Args:
        callbacks: The callbacks in the order of their calls.

    Returns:
        Each state, by the callback's place and class.
    """
    states = {_key(i, callback): _read(callback) for i, callback in enumerate(callbacks)}
    return {name: state for name, state in states.items() if state}


def set_callbacks(
    callbacks: Sequence[keras.callbacks.Callback], states: Mapping[str, Mapping[str, Any]]
) -> None:
    """Sets what `read_callbacks` has read from callbacks of the same classes, in the same order.

    Args:
        callbacks: The callbacks to set.
        states: The states, by position and class, as `read_callbacks` returned them.

    Raises:
        StateError: If there is a state of a callback that is not here; nothing is set.
    """
    present = {_key(i, callback): callback for i, callback in enumerate(callbacks)}
    strange = [name for name in states if name not in present]
    if strange:
        raise StateError(
            f"the state holds that of {', '.join(strange)}, which is not among the callbacks here: "
            f"{', '.join(present) or 'none'}"
        )
    for name, state in states.items():
        _set(present[name], copy.deepcopy(dict(state)))


def append_to_files(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Makes callbacks append to the files that they have begun; Keras would overwrite them.

    Args:
        callbacks: The callbacks of the training.
    """
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.CSVLogger):
            callback.append = True


def _read(callback: keras.callbacks.Callback) -> dict[str, Any]:
    state = {name: getattr(callback, name) for name in _remembered(callback)}
    if hasattr(callback, "get_state"):
        state |= {"own": callback.get_state()}
    return copy.deepcopy(state)


def _set(callback: keras.callbacks.Callback, state: dict[str, Any]) -> None:
    own = state.pop("own", None)
    for name, value in state.items():
        setattr(callback, name, value)
    if own is not None:
        callback.set_state(own)


def _remembered(callback: keras.callbacks.Callback) -> list[str]:
    names = [names for kind, names in REMEMBERED.items() if isinstance(callback, kind)]
    # Some attributes are first set at the beginning of training or of an epoch.
    return [name for group in names for name in group if hasattr(callback, name)]


def _key(place: int, callback: keras.callbacks.Callback) -> str:
    return f"{place} {type(callback).__name__}"
