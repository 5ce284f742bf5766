"""Finds examples that two arrays have in common, by a hash of each row."""

from collections.abc import Sequence

import numpy as np

from altitude.data.arrays import Array

CHUNK = 4096
"""Rows that are hashed at a time, so that no copy of a large array is made."""

WORD = 8
"""Bytes that are hashed at a time."""


def count_repeated(train: Array, others: Sequence[Array]) -> list[int]:
    """Counts the rows of other arrays that also occur among those for training.

    Where most of the training rows occur more than once, as with a few discrete features, rows in
    common mean nothing, and none are counted.

    Args:
        train: Rows, (rows, ...).
        others: Arrays of rows of the same shape.

    Returns:
        A count for each of the others.
    """
    dtype = np.result_type(train, *others)
    known = np.unique(hash_rows(train, dtype))
    if 2 * len(known) < len(train):
        return [0] * len(others)
    return [int(np.isin(hash_rows(other, dtype), known).sum()) for other in others]


def hash_rows(rows: Array, dtype: np.dtype) -> Array:
    """Hashes each row such that rows with the same bytes have the same hash.

    Args:
        rows: An array, (rows, ...).
        dtype: The dtype that values are cast to first.

    Returns:
        The hashes, uint64 (rows,).
    """
    size = int(np.prod(rows.shape[1:], dtype=np.int64)) * dtype.itemsize
    words = -(-size // WORD)
    # Odd factors: a sum of products modulo 2^64 changes whenever one word does.
    factors = np.random.default_rng(0).integers(0, 2**63, words, dtype=np.uint64) * 2 + 1
    hashes = np.empty(len(rows), np.uint64)
    for start in range(0, len(rows), CHUNK):
        chunk = _as_words(rows[start : start + CHUNK].astype(dtype, copy=False), size)
        # Floats often differ in their upper half alone, which a product would carry out of sight.
        hashes[start : start + CHUNK] = (chunk ^ (chunk >> np.uint64(32))) @ factors
    return hashes


def _as_words(rows: Array, size: int) -> Array:
    rows_of_bytes = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    padding = -size % WORD
    if padding:
        rows_of_bytes = np.pad(rows_of_bytes, ((0, 0), (0, padding)))
    return rows_of_bytes.view(np.uint64)
