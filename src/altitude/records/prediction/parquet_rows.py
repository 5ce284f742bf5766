"""Reads inputs from Parquet files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from altitude.errors import ConfigError, DataError
from altitude.lazy import parquet, pyarrow
from altitude.records.prediction.batch import Batch, InputForm, sizes_in_words, wrong_input
from altitude.records.prediction.csv_rows import columns_fit


def read_parquet(path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields the rows of a Parquet file. Values that are missing become NaN.

    Args:
        path: The file.
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples, and the faults of those that cannot be read.

    Raises:
        ConfigError: If it is no Parquet file, or if its columns are not what the model takes.
        DataError: If it turns out to be damaged later on.
    """
    try:
        file = parquet.ParquetFile(path, memory_map=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ConfigError([wrong_input(path, _reason(error), "a whole Parquet file")]) from error
    with file:
        _require_columns(path, file.schema_arrow, form)
        first = 0
        try:
            for records in file.iter_batches(batch_size):
                columns = [column.to_numpy(zero_copy_only=False) for column in records.columns]
                x = np.stack(columns, axis=1)
                shape = (size or x.shape[1] for size in form.shape)
                yield Batch(range(first, first + len(x)), x.reshape(len(x), *shape))
                first += len(x)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(f"{path} is damaged behind row {first}: {_reason(error)}") from error


def _require_columns(path: Path, schema: pyarrow.Schema, form: InputForm) -> None:
    others = [f"{field.name} ({field.type})" for field in schema if not _is_number(field.type)]
    if others:
        raise ConfigError(
            [wrong_input(path, f"the columns {', '.join(others)}", "columns of numbers")]
        )
    if not columns_fit(len(schema), form):
        expected = f"{form.size or 'a fixed number of'} columns: the model takes"
        given = f"{len(schema)} columns"
        raise ConfigError([wrong_input(path, given, f"{expected} {sizes_in_words(form.shape)}")])


def _is_number(kind: pyarrow.DataType) -> bool:
    return any(is_it(kind) for is_it in (pyarrow.types.is_integer, pyarrow.types.is_floating))


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0]
