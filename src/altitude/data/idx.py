"""The idx format, in which the MNIST family of datasets is published.

Source: http://yann.lecun.com/exdb/mnist/, "The IDX file format".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from altitude.errors import DataError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Reads a gzipped idx file of unsigned bytes.

    Args:
        path: The file.
        shape: The shape that the array must have.

    Returns:
        The array, uint8, of that shape.

    Raises:
        DataError: If the file is damaged, truncated, of another type or of another shape.
    """
    try:
        with gzip.open(path) as file:
            # One byte more than there should be, so that too long a file shows, however long it is.
            content = file.read(_header_size(shape) + math.prod(shape) + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} is damaged or truncated: {error}") from error
    return _parse(path, content, shape)


def _header_size(shape: tuple[int, ...]) -> int:
    return 4 + 4 * len(shape)


def _parse(path: Path, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    offset = _header_size(shape)
    if len(content) < offset:
        raise DataError(f"{path} is truncated: {len(content)} bytes are less than an idx header")
    zero, element, rank = struct.unpack(">HBB", content[:4])
    if (zero, element) != (0, UNSIGNED_BYTE):
        raise DataError(
            f"{path} is no idx file of unsigned bytes: it starts with {content[:4].hex()}"
        )
    if rank != len(shape):
        raise DataError(f"{path} holds an array of rank {rank}; expected rank {len(shape)}")
    found = struct.unpack(f">{rank}I", content[4:offset])
    if found != shape:
        raise DataError(f"{path} holds an array of shape {found}; expected {shape}")
    if len(content) - offset != math.prod(shape):
        size, expected = len(content) - offset, math.prod(shape)
        kind = "truncated" if size < expected else "too long"
        raise DataError(f"{path} is {kind}: {size} bytes of data; expected {expected}")
    return np.frombuffer(content, np.uint8, offset=offset).reshape(shape)
