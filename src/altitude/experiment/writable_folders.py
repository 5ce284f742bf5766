"""Checks that configured folders are writable."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.errors import Problem

WRITTEN = ("log_dir", "filepath", "filename", "backup_dir")
"""Arguments of Keras' callbacks that say where they write."""


def folder_problems(key: str, path: str | Path) -> list[Problem]:
    """Checks that a folder can be created, without creating it.

    Args:
        key: The config key of the folder.
        path: The folder; it need not be there.

    Returns:
        At most one problem.
    """
    try:
        nearest = next(p for p in [Path(path), *Path(path).absolute().parents] if p.exists())
        with tempfile.TemporaryDirectory(dir=nearest):
            return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [Problem(key, f"{path} ({reason})", "a folder that can be written")]


def callback_folder_problems(callbacks: Mapping[str, Any]) -> list[Problem]:
    """Checks the folders that Keras callbacks write to.

    Args:
        callbacks: The callbacks, by name.

    Returns:
        One problem for each folder that cannot be created or written to.
    """
    problems = []
    for name, callback in callbacks.items():
        if not isinstance(callback, LazyCall) or not callback.target.startswith("keras."):
            continue
        for argument in WRITTEN:
            path = callback.arguments.get(argument)
            if isinstance(path, str):
                folder = path if argument.endswith("dir") else Path(path).parent
                problems += folder_problems(f"callbacks.{name}.{argument}", folder)
    return problems
