"""The state of a training on disk: one file, written atomically, that cannot run code.

A NumPy archive (`.npz`) of plain bytes. The entry `state` is JSON; in it `{"array": n}` stands for
the entry `n`, whose dtype and shape are in the JSON as well.
"""

import dataclasses
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from altitude.data.arrays import Array
from altitude.loops.position import Position
from altitude.training.state import StateError, TrainingState

FORMAT = 2
"""Raised when an older file would be read in another way."""

ARRAY = "array"


def save_state(state: TrainingState, path: Path, about: Mapping[str, Any] | None = None) -> None:
    """Writes a state. Whoever reads sees the file of before or the new one, never half of one.

    Args:
        state: The state to write.
        path: The path of the file to write.
        about: Plain values, such as the settings of the run, that are written with it.

    Raises:
        OSError: If it cannot be written; the file of before is as it was.
    """
    arrays: dict[str, Array] = {}
    described = _plain(_fields(state), arrays) | {"format": FORMAT, "about": dict(about or {})}
    entries = {"state": np.frombuffer(json.dumps(described).encode(), np.uint8)}
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, **entries, **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def load_state(path: Path) -> TrainingState:
    """Reads a state.

    Args:
        path: The path of the file.

    Returns:
        The state.

    Raises:
        FileNotFoundError: If there is no such file.
        StateError: If it is damaged, or written by a version that this one cannot read.
    """
    return load_checkpoint(path)[0]


def load_checkpoint(path: Path) -> tuple[TrainingState, dict[str, Any]]:
    """Reads a state, and what was written with it.

    Args:
        path: The path of the file.

    Returns:
        The state, and the plain values that were written with it.

    Raises:
        FileNotFoundError: If there is no such file.
        StateError: If it is damaged, or written by a version that this one cannot read.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            described = json.loads(archive["state"].tobytes())
            if described.pop("format", None) != FORMAT:
                raise StateError(f"{path} was written by another version of altitude")
            about = described.pop("about")
            values = _restored(described, archive)
        return _state(values), about
    except (FileNotFoundError, StateError):
        raise
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, OSError) as error:
        raise StateError(f"{path} is damaged: {error}") from error


def _fields(state: TrainingState) -> dict[str, Any]:
    """The fields of a state, without copies of its arrays."""
    fields = {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    start = state.epoch_start and _fields(state.epoch_start)
    return fields | {"position": dataclasses.asdict(state.position), "epoch_start": start}


def _state(values: Mapping[str, Any]) -> TrainingState:
    """The state with these fields, as they were read."""
    start = values["epoch_start"] and _state(values["epoch_start"])
    position = Position(**values["position"])
    return TrainingState(**{**values, "position": position, "epoch_start": start})


def _plain(value: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item, arrays) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, arrays) for item in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise TypeError(
            f"the state of a callback holds {type(value).__name__}. Expected numbers, texts, None "
            "and arrays, in mappings and lists: what its `get_state` returns is written to disk"
        )
    place = str(len(arrays))
    # As bytes: NumPy does not write dtypes that are not its own, such as bfloat16.
    arrays[place] = np.frombuffer(array.tobytes(), np.uint8)
    dtype = array.dtype.name if array.dtype.kind == "V" else array.dtype.str
    return {ARRAY: place, "dtype": dtype, "shape": list(array.shape)}


def _restored(value: Any, archive: Mapping[str, Array]) -> Any:
    if isinstance(value, list):
        return [_restored(item, archive) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {ARRAY, "dtype", "shape"}:
        stored = archive[value[ARRAY]].view(np.dtype(value["dtype"]))
        return stored.reshape(value["shape"]).copy()
    return {name: _restored(item, archive) for name, item in value.items()}
