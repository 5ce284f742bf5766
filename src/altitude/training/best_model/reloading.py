"""Saving a model and reloading it in the process that knows its classes."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import saving

from altitude.internals.keras import all_layers
from altitude.models.variables import variables
from altitude.training.best_model.plain import is_plain

CAUSE_LENGTH = 200
"""The number of characters of an error that are shown; its end is most often a config."""


def opens_anywhere(model: keras.Model) -> bool:
    """Returns whether a model is made of Keras' own classes alone, without Python code.

    Args:
        model: The model to be saved.
    """
    try:
        config = saving.serialize_keras_object(model)
    except Exception:  # noqa: BLE001 - whatever a `get_config` of the user's own raises
        return False
    return is_plain(config) and not _lambdas(model)


def reload(path: Path, model: keras.Model) -> keras.Model:
    """Reloads a file that this process has saved, with the model's own classes in scope.

    Args:
        path: The path of the `.keras` file.
        model: The model that was saved.

    Returns:
        The model, not compiled.
    """
    # The file is this process' own, so its Python code is as trustworthy as the model.
    return keras.models.load_model(
        path, compile=False, custom_objects=custom_objects(model), safe_mode=False
    )


def custom_objects(model: keras.Model) -> dict[str, Any]:
    """Returns all callables of the modules that define a model's classes, by name.

    Args:
        model: The model.
    """
    classes = _own_classes(model)
    found: dict[str, Any] = {}
    for module in {cls.__module__ for cls in classes}:
        members = vars(sys.modules[module]) if module in sys.modules else {}
        found |= {name: member for name, member in members.items() if callable(member)}
    return found | {cls.__name__: cls for cls in classes}


def how_to_open(model: keras.Model) -> str:
    """Returns the arguments that `load_model` needs elsewhere; empty if it needs none.

    Args:
        model: The model that was saved.
    """
    classes = sorted({f'"{cls.__name__}": {cls.__name__}' for cls in _own_classes(model)})
    arguments = [f"custom_objects={{{', '.join(classes)}}}"] if classes else []
    if _lambdas(model):
        arguments.append("safe_mode=False")
    return ", ".join(arguments)


def cause_in_layer(model: keras.Model) -> str:
    """Returns the first layer that cannot be rebuilt from its config, and why; empty if all can.

    Args:
        model: The model that could not be reloaded.
    """
    known = custom_objects(model)
    for layer in all_layers(model, include_self=False):
        try:
            with saving.CustomObjectScope(known):
                config = saving.serialize_keras_object(layer)
                saving.deserialize_keras_object(config, safe_mode=False)
        except Exception as error:  # noqa: BLE001 - this is what is asked
            return f"layer `{layer.name}` ({type(layer).__name__}): {_cause(error)}"
    return ""


@contextmanager
def undisturbed(model: keras.Model) -> Iterator[None]:
    """Restores variables and the state of random number generators after the block.

    Args:
        model: The model whose variables are restored.
    """
    kept = [(variable, variable.numpy()) for variable in variables(model)]
    drawn, drawn_by_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)
        for variable, value in kept:
            variable.assign(value)


def _own_classes(model: keras.Model) -> set[type]:
    classes = {type(layer) for layer in all_layers(model)}
    return {cls for cls in classes if cls.__module__.partition(".")[0] != "keras"}


def _lambdas(model: keras.Model) -> bool:
    return any(isinstance(layer, keras.layers.Lambda) for layer in all_layers(model))


def _cause(error: Exception) -> str:
    cause = str(error).rpartition("Exception encountered: ")[2]  # Keras puts a config before it
    return " ".join(cause.split())[:CAUSE_LENGTH] or repr(error)
