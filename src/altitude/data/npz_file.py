"""Reads `.npz` files, and checks their headers against the size of the file."""

import io
import math
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np
from numpy.lib import format as npy

from altitude.data.arrays import Array, require_numbers
from altitude.errors import DataError, Problem

READ_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TokenError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What Python and NumPy raise for files that are damaged or not `.npz` files."""

ENCRYPTED = 0x1
"""Bit of an archive member's flags that marks it as encrypted."""

MAX_HEADER_BYTES = 10_000
MAX_DEFLATE_RATIO = 1032
"""The largest number of bytes that one byte of deflated data can represent."""

HOW_TO_WRITE = "np.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)"


@dataclass(frozen=True)
class Header:
    """Shape and dtype of an array in a file.

    Attributes:
        shape: Its shape.
        dtype: Its NumPy dtype.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    def placeholder(self) -> Array:
        """Returns an array of this shape and dtype that takes no memory."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)


def read_headers(path: Path) -> Mapping[str, Header]:
    """Reads the headers of all arrays, by name, without their data.

    Args:
        path: The `.npz` file.

    Returns:
        The shape and dtype of each array.

    Raises:
        DataError: If there is no such file, or it is damaged or no `.npz` file.
    """
    try:
        found = path.stat()
        return _headers(path, found.st_mtime_ns, found.st_size)
    except OSError as error:
        expected = f"a file that can be read: {error.strerror or error}"
        raise DataError(Problem("dataset.path", str(path), expected)) from error


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, Array]:
    """Reads arrays of numbers, in the byte order of this machine.

    Args:
        path: The file.
        names: Names of the arrays to read; those that the file lacks are left out.

    Returns:
        The arrays, by name.

    Raises:
        DataError: If the file is damaged or no `.npz` file, holds other things than numbers there,
            or more than fits into memory.
    """
    headers = read_headers(path)
    chosen = [name for name in names if name in headers]
    for name in chosen:
        require_numbers(name, headers[name].shape, headers[name].dtype)
    _require_memory(path, [headers[name] for name in chosen])
    with _open_archive(path) as archive:
        return {name: _read(archive, name) for name in chosen}


@lru_cache(maxsize=16)
def _headers(path: Path, _modified: int, _size: int) -> Mapping[str, Header]:
    with _open_archive(path) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        return {m.filename.removesuffix(".npy"): _header(archive, m, path) for m in members}


@contextmanager
def _open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    if path.is_dir():
        raise DataError(Problem("dataset.path", f"{path}, a folder", "an .npz file", HOW_TO_WRITE))
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DataError:
        raise
    except READ_ERRORS as error:
        given = f"{path}: {str(error) or type(error).__name__}"
        expected = "an .npz file: this one is damaged or no .npz file"
        raise DataError(Problem("dataset.path", given, expected, HOW_TO_WRITE)) from error


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> Header:
    """Reads one header.

    Returns:
        The shape and dtype of the array.

    Raises:
        DataError: If the member is encrypted.
        ValueError: If the header is damaged, or the size of the member is not what it claims.
    """
    if member.flag_bits & ENCRYPTED:
        given = f"{path}, an encrypted archive"
        expected = "an .npz file that is not encrypted"
        raise DataError(Problem("dataset.path", given, expected, HOW_TO_WRITE))
    with archive.open(member) as stream:
        start = io.BytesIO(stream.read(MAX_HEADER_BYTES + 16))
    version = npy.read_magic(start)
    shape, _, dtype = _READERS[version](start) if version in _READERS else _unknown(version)
    if min(shape, default=1) < 0:
        raise ValueError(f"{member.filename} has a shape of {shape}")
    # The size of pickled objects is not known from the header; they are refused when they are read.
    claimed = start.tell() + math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and (claimed != member.file_size or _exceeds_compression_limit(member)):
        raise ValueError(
            f"{member.filename} says that it has {dtype} of shape {shape}, {claimed:,} bytes, "
            f"and holds {member.compress_size:,} bytes for {member.file_size:,}"
        )
    return Header(shape, dtype)


_READERS: Mapping[tuple[int, int], Callable[[IO[bytes]], tuple[tuple[int, ...], bool, np.dtype]]]
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def _unknown(version: tuple[int, int]) -> tuple[tuple[int, ...], bool, np.dtype]:
    raise ValueError(f"version {version} of NumPy's format holds no plain numbers")


def _exceeds_compression_limit(member: zipfile.ZipInfo) -> bool:
    """Whether a member claims more bytes than its compressed size can hold."""
    most = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: MAX_DEFLATE_RATIO}
    factor = most.get(member.compress_type)
    return factor is not None and member.file_size > factor * member.compress_size


def _require_memory(path: Path, headers: Iterable[Header]) -> None:
    needed = sum(math.prod(header.shape) * header.dtype.itemsize for header in headers)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        expected = f"arrays that fit into memory, {memory / 1e9:,.1f} GB"
        instead = "a dataset of your own that extends altitude.data.Dataset, on tf.data"
        given = f"{path}: arrays of {needed / 1e9:,.1f} GB"
        raise DataError(Problem("dataset.path", given, expected, instead))


def _read(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(f"{name}.npy") as stream:
        array: Array = npy.read_array(stream, allow_pickle=False)
        stream.read(1)  # up to the end, where zipfile verifies the checksum
    return array.astype(array.dtype.newbyteorder("="), copy=False)
