"""Opens the model of a run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.records.own_layers import own_layers
from altitude.records.record import RunRecord
from altitude.tracking.config_files import CONFIG

UNSAFE = "unsafe"
"""What Keras' message says of a file that brings code of its own."""


def open_best_model(record: RunRecord, *, unsafe: bool = False) -> keras.Model:
    """Opens the best model of a run, with the layers of the user's own where its config names them.

    Args:
        record: The run.
        unsafe: Whether code that the file brings, such as that of a `Lambda` layer, may run.

    Returns:
        The model, not compiled.

    Raises:
        ConfigError: If there is no such file, or if it cannot be opened: see `open_model`.
        TrackingError: If the tracking store cannot be used.
    """
    path = record.model_file
    try:
        return open_model(path, unsafe=unsafe)
    except ConfigError:
        own = own_layers(record.settings) if record.find_file(CONFIG) else {}
        if not own:
            raise
        return open_model(path, unsafe=unsafe, own=own)


def open_model(
    path: Path, *, unsafe: bool = False, own: Mapping[str, type] = MappingProxyType({})
) -> keras.Model:
    """Opens a `.keras` file, in Keras' safe mode.

    Args:
        path: The file.
        unsafe: Whether code that the file brings, such as that of a `Lambda` layer, may run.
        own: Classes of layers that Keras does not know, by name.

    Returns:
        The model, not compiled.

    Raises:
        ConfigError: If the file is damaged, wants to run code, or needs classes that cannot be
            imported.
    """
    try:
        return keras.models.load_model(
            path, compile=False, safe_mode=not unsafe, custom_objects=dict(own)
        )
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError([_problem(path, str(error))]) from error


def _problem(path: Path, message: str) -> Problem:
    given = f"{path}: {message.strip().splitlines()[0] if message.strip() else 'unreadable'}"
    if UNSAFE in message:
        expected = "a model without code of its own, or one from somebody you trust"
        return Problem("RUN", given, expected, "the same with --unsafe")
    return Problem("RUN", given, "a whole .keras file, whose classes can be imported here")
