"""Decoded arrays on disk, which later runs map into memory instead of decoding again."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from altitude.data.arrays import Array


def cache_directory() -> Path:
    """Returns `$ALTITUDE_CACHE`, or else `altitude` in the user's cache folder."""
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("ALTITUDE_CACHE") or f"{user_cache}/altitude").expanduser()


def load_cached(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array] | None:
    """Maps cached uint8 arrays into memory.

    Args:
        folder: The cache folder of one dataset.
        shapes: Names of the arrays, and the shapes that they must have.

    Returns:
        The arrays, mapped copy-on-write; None if one is missing, damaged or of another shape.
    """
    arrays = {name: _map(folder / f"{name}.npy", shape) for name, shape in shapes.items()}
    found = {name: array for name, array in arrays.items() if array is not None}
    return found if len(found) == len(shapes) else None


def store_cached(folder: Path, arrays: Mapping[str, Array]) -> None:
    """Writes arrays into the cache, each one atomically.

    Args:
        folder: The folder of the dataset in the cache, which is created if it is missing.
        arrays: The arrays, by file name without `.npy`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        with replacement(folder / f"{name}.npy") as file:
            np.save(file, array)


@contextmanager
def array_file(path: Path, shape: tuple[int, ...]) -> Iterator[IO[bytes]]:
    """Replaces an array file by one whose values the block writes, in any number of pieces.

    Args:
        path: The `.npy` file, in a folder that is there.
        shape: The shape of the array, which is uint8.

    Yields:
        The file, to which the values are written in C order.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with replacement(path) as file:
        np.lib.format.write_array_header_1_0(file, header)
        yield file


@contextmanager
def replacement(path: Path) -> Iterator[IO[bytes]]:
    """Replaces a file by what the block writes, once it is written whole.

    Args:
        path: The file, in a folder that is there.

    Yields:
        The new file.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _map(path: Path, shape: tuple[int, ...]) -> Array | None:
    try:
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError, TokenError):
        return None  # missing or damaged: it is decoded and written again
    return array if (array.shape, array.dtype) == (shape, np.uint8) else None
