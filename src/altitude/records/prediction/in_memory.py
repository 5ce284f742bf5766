"""Predictions as a data frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from altitude.data.arrays import Array
from altitude.lazy import np, pandas
from altitude.records.prediction.arrays import array_batches
from altitude.records.prediction.batch import Batch, InputForm
from altitude.records.prediction.inputs import source_of
from altitude.records.prediction.predict import Predictor


@dataclass(frozen=True)
class Predictions:
    """Predictions in memory.

    Attributes:
        frame: A row for each example that was predicted, by its number or its file.
        faults: What is wrong with the others, a line each.
    """

    frame: pandas.DataFrame
    faults: Sequence[str]


def predict_in_memory(
    predictor: Predictor, inputs: Array | Path | str, batch_size: int
) -> Predictions:
    """Predicts for an array, a file or a folder of images.

    Args:
        predictor: The model.
        inputs: Inputs as they are stored, (examples, ...); or the path of a file or folder.
        batch_size: The number of examples that are predicted at a time.

    Returns:
        The predictions, and what is wrong with the other examples.

    Raises:
        ConfigError: If there is no such file, or if it holds something else than the model takes.
        DataError: If the file turns out to be damaged later on.
    """
    names, batches = _batches(inputs, predictor.form, batch_size)
    values: dict[str, list[object]] = {name: [] for name in (names, *predictor.columns.types)}
    faults = list[str]()
    for batch, columns in predictor.predict(batches):
        faults += batch.faults
        for name, column in {names: batch.names, **columns}.items():
            values[name] += column
    return Predictions(pandas.DataFrame(values).set_index(names), faults)


def _batches(
    inputs: Array | Path | str, form: InputForm, batch_size: int
) -> tuple[str, Iterator[Batch]]:
    """What the examples are called, and the batches of them."""
    if isinstance(inputs, str | Path):
        source = source_of(Path(inputs))
        return source.names, source.read(Path(inputs), form, batch_size)
    return "row", array_batches("x", np.asarray(inputs), form, batch_size)
