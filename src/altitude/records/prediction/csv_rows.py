"""Reads inputs from CSV files, a batch of lines at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from altitude.data.arrays import Array
from altitude.errors import ConfigError
from altitude.records.prediction.batch import (
    Batch,
    InputForm,
    called,
    sizes_in_words,
    wrong_input,
)

Line = tuple[int, list[str]]
"""The number of a line, counted from 1, and its cells."""


def read_csv(path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields the lines of a CSV file.

    A first line without any number is taken for the names of the columns. Lines that are not as
    wide as the first one, or that hold something else than finite numbers, are faults.

    Args:
        path: The file.
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples, and the faults of those that cannot be read.

    Raises:
        ConfigError: If it has not as many columns as the model takes values.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = _lines(file)
        first = next(lines, None)
        if first is None:
            raise ConfigError(
                [wrong_input(path, "no line", "one line of numbers for each example")]
            )
        _require_width(path, len(first[1]), form)
        is_header = not any(map(_is_number, first[1]))
        rows = enumerate(lines if is_header else chain([first], lines))
        while chunk := list(islice(rows, batch_size)):
            yield _batch(chunk, form)


def columns_fit(columns: int, form: InputForm) -> bool:
    """Returns whether a table of so many columns has what the model takes.

    Args:
        columns: The number of columns.
        form: The form that the model takes.
    """
    return form.size == columns or form.shape == (None,)


def _lines(file: Iterator[str]) -> Iterator[Line]:
    """Each line by itself, so that a stray quotation mark spoils no other one."""
    for number, text in enumerate(file, start=1):
        if text.strip():
            yield number, next(csv.reader([text.rstrip("\r\n")], skipinitialspace=True))


def _require_width(path: Path, columns: int, form: InputForm) -> None:
    if columns_fit(columns, form):
        return
    size = "a fixed number of" if form.size is None else f"{form.size}"
    expected = f"{size} columns, separated by commas: the model takes {sizes_in_words(form.shape)}"
    raise ConfigError(
        [
            wrong_input(
                path, _counted(columns), expected, "the columns of the inputs alone, in their order"
            )
        ]
    )


def _counted(columns: int) -> str:
    return "1 column" if columns == 1 else f"{columns} columns"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _batch(chunk: Sequence[tuple[int, Line]], form: InputForm) -> Batch:
    """The rows of one batch: all at once or, if there is a fault among them, one by one."""
    width = form.size or len(chunk[0][1][1])
    try:
        x = _parsed([cells for _, (_, cells) in chunk], width, form.dtype)
        names, faults = [row for row, _ in chunk], list[str]()
    except ValueError:
        names, good, faults = [], [np.empty((0, width), form.dtype)], []
        for row, (number, cells) in chunk:
            try:
                good.append(_parsed([cells], width, form.dtype))
                names.append(row)
            except ValueError as error:
                faults.append(f"{called(row)}, line {number}: {error}")
        x = np.concatenate(good)
    return Batch(names, x.reshape(len(x), *(size or width for size in form.shape)), faults)


def _parsed(rows: Sequence[Sequence[str]], width: int, dtype: str) -> Array:
    """Reads the numbers of some rows.

    Returns:
        The numbers, (rows, width).

    Raises:
        ValueError: If there is something else; it names the first such cell of a single row.
    """
    if any(len(cells) != width for cells in rows):
        raise ValueError(f"{_counted(len(rows[0]))}, not {width}")
    try:
        with np.errstate(over="ignore"):
            x: Array = np.array(rows, dtype)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{_fault(rows[0], dtype)!r} is no number") from error
    if not np.isfinite(x).all():
        raise ValueError("a value that is not finite")
    return x


def _fault(cells: Sequence[str], dtype: str) -> str:
    for cell in cells:
        try:
            np.array([cell], dtype)
        except (ValueError, OverflowError):
            return cell
    return ",".join(cells)
