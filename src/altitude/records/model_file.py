"""Opens the model of a run."""

from __future__ import annotations

import zipfile
from pathlib import Path

from altitude.errors import ConfigError, Problem
from altitude.lazy import keras

UNSAFE = "unsafe"
"""What Keras' message says of a file that brings code of its own."""


def open_model(path: Path, *, unsafe: bool = False) -> keras.Model:
    """Opens a `.keras` file, in Keras' safe mode.

    Args:
        path: The file.
        unsafe: Whether code that the file brings, such as that of a `Lambda` layer, may run.

    Returns:
        The model, not compiled.

    Raises:
        ConfigError: If the file is damaged, wants to run code, or needs classes that cannot be
            imported.
    """
    try:
        return keras.models.load_model(path, compile=False, safe_mode=not unsafe)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError([_problem(path, str(error))]) from error


def _problem(path: Path, message: str) -> Problem:
    given = f"{path}: {message.strip().splitlines()[0] if message.strip() else 'unreadable'}"
    if UNSAFE in message:
        expected = "a model without code of its own, or one from somebody you trust"
        return Problem("RUN", given, expected, "the same with --unsafe")
    return Problem("RUN", given, "a whole .keras file, whose classes can be imported here")
