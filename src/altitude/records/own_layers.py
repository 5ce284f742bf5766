"""The layers of the user's own that a run was built with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from hydra.utils import get_object

from altitude.calls.walk import walk
from altitude.composition.user_modules import make_importable
from altitude.lazy import keras

KNOWN = ("altitude", "keras", "tensorflow")
"""Packages whose classes Keras finds by itself."""


def own_layers(settings: Mapping[str, Any]) -> dict[str, type]:
    """Returns the layers and models in the modules that the config of a run names.

    These modules are imported, from the current folder, too. What cannot be imported has none.

    Args:
        settings: The content of the run's `config.yaml`.

    Returns:
        The classes by name.
    """
    make_importable(None)
    return {
        name: member
        for module in _modules(settings)
        for name, member in vars(sys.modules[module]).items()
        if isinstance(member, type) and issubclass(member, keras.layers.Layer)
    }


def _modules(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, target in walk("", settings.get("model")):
        if key.endswith("_target_") and target.partition(".")[0] not in KNOWN:
            try:
                yield get_object(target).__module__
            except (ImportError, AttributeError):
                continue  # opening the model says that its classes cannot be imported
