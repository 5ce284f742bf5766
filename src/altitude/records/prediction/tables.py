"""Writes tables as they are computed, into a file that replaces the old one when it is whole."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from altitude.errors import ConfigError, Problem
from altitude.lazy import parquet, pyarrow

Types = Mapping[str, type]
"""The type of the values in each column: `int`, `float` or `str`."""

Rows = Mapping[str, list[Any]]
"""Some rows of a table: the values by column."""

Write = Callable[[Rows], None]
"""Appends rows to a table."""

ROWS_TOGETHER = 65_536
"""The number of rows in one group of a Parquet file; readers are slow with small ones."""


@contextmanager
def csv_table(path: Path, types: Types) -> Iterator[Write]:
    """Writes a CSV file whose first line has the names of the columns.

    Args:
        path: The file.
        types: The columns.

    Yields:
        What appends rows.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(types)
        yield lambda rows: writer.writerows(zip(*rows.values(), strict=True))


@contextmanager
def json_lines(path: Path, types: Types) -> Iterator[Write]:
    """Writes a JSON object a line for each row.

    Args:
        path: The file.
        types: The columns.

    Yields:
        What appends rows.
    """
    with path.open("w", encoding="utf-8") as file:

        def write(rows: Rows) -> None:
            for values in zip(*rows.values(), strict=True):
                file.write(f"{json.dumps(dict(zip(types, values, strict=True)))}\n")

        yield write


@contextmanager
def parquet_table(path: Path, types: Types) -> Iterator[Write]:
    """Writes a Parquet file.

    Args:
        path: The file.
        types: The columns.

    Yields:
        What appends rows.
    """
    kinds = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, kinds[type_]) for name, type_ in types.items()])
    waiting: list[Any] = []
    with parquet.ParquetWriter(path, schema) as writer:

        def write(rows: Rows) -> None:
            waiting.append(pyarrow.table(dict(rows), schema=schema))
            if sum(table.num_rows for table in waiting) >= ROWS_TOGETHER:
                flush()

        def flush() -> None:
            writer.write_table(pyarrow.concat_tables(waiting))
            waiting.clear()

        yield write
        if waiting:
            flush()


TABLES: Mapping[str, Callable[[Path, Types], AbstractContextManager[Write]]] = {
    ".csv": csv_table,
    ".parquet": parquet_table,
    ".jsonl": json_lines,
}
"""The formats by the ending of the file."""


@contextmanager
def table(path: Path, types: Types) -> Iterator[Write]:
    """Writes a table in the format that the ending of its file names.

    Args:
        path: The file. It is as it was until the block has ended, and stays so if that fails.
        types: The columns.

    Yields:
        What appends rows.
    """
    unfinished = path.with_name(f".{path.stem}-{os.getpid()}.unfinished")
    try:
        with TABLES[path.suffix.lower()](unfinished, types) as write:
            yield write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def require_table_path(path: Path, source: Path) -> None:
    """Checks that a table can be written to a path.

    Args:
        path: The file to write.
        source: The file that is read meanwhile.

    Raises:
        ConfigError: If its ending names no format, if it is a folder or in none, or if it is the
            file that is read.
    """
    if path.is_dir():
        raise ConfigError(
            [_problem(f"{path}, a folder", "a file", f"-o {path / 'predictions.csv'}")]
        )
    if path.suffix.lower() not in TABLES:
        expected = f"a file that ends in {', '.join(TABLES)}"
        raise ConfigError([_problem(str(path), expected, f"-o {path.with_suffix('.csv')}")])
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(
            [_problem(str(path), f"a folder {path.parent} that is there and can be written")]
        )
    if path.exists() and path.samefile(source):
        raise ConfigError(
            [_problem(f"{path}, which is INPUT", "another file than the one that is read")]
        )


def _problem(given: str, expected: str, instead: str = "") -> Problem:
    return Problem("-o", given, expected, instead)
