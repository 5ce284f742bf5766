"""Reads inputs from NumPy's files; an `.npy` file is mapped into memory, and so may be larger."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from altitude.data.arrays import Array, require_numbers
from altitude.data.npz_file import READ_ERRORS, read_arrays, read_headers
from altitude.errors import ConfigError, DataError, Problem
from altitude.records.prediction.batch import Batch, InputForm, sizes_in_words, wrong_input

NAMES = ("x", "x_test")
"""The names of the inputs among several arrays in a file, the first one that is there."""


def read_npy(path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields the rows of an `.npy` file.

    Args:
        path: The file.
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples, and the faults of those that cannot be read.

    Raises:
        ConfigError: If it is damaged, or if its rows are not what the model takes.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except READ_ERRORS as error:
        raise ConfigError(
            [wrong_input(path, str(error), "a whole .npy file of numbers")]
        ) from error
    yield from array_batches(str(path), array, form, batch_size)


def read_npz(path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields the rows of the array `x` of an `.npz` file, of `x_test`, or of its only array.

    Args:
        path: The file.
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples, and the faults of those that cannot be read.

    Raises:
        ConfigError: If it is damaged, or if its rows are not what the model takes.
    """
    try:
        present = tuple(read_headers(path))
        name = next((n for n in NAMES if n in present), present[0] if len(present) == 1 else None)
        if name is None:
            given = f"the arrays {', '.join(present) or 'of no name'}"
            instead = f'np.savez("{path.name}", x=x)'
            raise ConfigError(
                [wrong_input(path, given, f"one that is called {' or '.join(NAMES)}", instead)]
            )
        array = read_arrays(path, [name])[name]
    except DataError as error:
        raise ConfigError([_of_input(str(path), error)]) from error
    yield from array_batches(str(path), array, form, batch_size)


def array_batches(source: str, array: Array, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields the rows of an array.

    Args:
        source: Where it is from, for messages.
        array: The inputs, (examples, ...).
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples.

    Raises:
        ConfigError: If its rows are not what the model takes.
    """
    try:
        require_numbers(source, array.shape, array.dtype)
    except DataError as error:
        raise ConfigError([_of_input(source, error)]) from error
    shape = _fitting(source, array.shape[1:], form)
    for first in range(0, len(array), batch_size):
        rows = np.asarray(array[first : first + batch_size])
        native = rows.astype(rows.dtype.newbyteorder("="), copy=False)
        yield Batch(range(first, first + len(rows)), native.reshape(len(rows), *shape))


def _fitting(source: str, given: tuple[int, ...], form: InputForm) -> tuple[int, ...]:
    """The shape of the rows as the model takes it, which may have a last dimension of one more."""
    for shape in (given, (*given, 1), given[:-1] if given[-1:] == (1,) else given):
        sizes = zip(shape, form.shape, strict=False)
        if len(shape) == len(form.shape) and all(b in (a, None) for a, b in sizes):
            return shape
    expected = f"rows of shape {sizes_in_words(form.shape)}, as the model takes them"
    raise ConfigError(
        [wrong_input(source, f"rows of shape {given}", expected, _reshaped(given, form))]
    )


def _reshaped(given: tuple[int, ...], form: InputForm) -> str:
    """How rows of as many values are brought into shape, and how one row becomes an array."""
    if form.size == np.prod(given):
        return f"x.reshape{(-1, *form.shape)}"
    return "x[np.newaxis], for a single row" if len(given) == len(form.shape) - 1 else ""


def _of_input(source: str, error: DataError) -> Problem:
    problem = error.problem or Problem("INPUT", str(error), "a whole file")
    return dataclasses.replace(problem, key=f"INPUT, {source}")
