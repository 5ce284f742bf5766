"""Predicts with the best model of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from altitude.data.arrays import Array
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras, np
from altitude.records.model_file import open_best_model
from altitude.records.prediction.batch import Batch, InputForm
from altitude.records.prediction.columns import Columns, columns_of
from altitude.records.prediction.inputs import source_of
from altitude.records.prediction.tables import table
from altitude.records.record import RunRecord
from altitude.runs.result_file import RESULT
from altitude.tracking.config_files import CONFIG


@dataclass(frozen=True)
class Predictor:
    """The best model of a run, what it takes, and what its outputs mean.

    Attributes:
        model: The model, which takes the data as they are stored.
        form: The form of its inputs.
        columns: The columns of its predictions.
    """

    model: keras.Model
    form: InputForm
    columns: Columns

    def predict(self, batches: Iterator[Batch]) -> Iterator[tuple[Batch, dict[str, list[Any]]]]:
        """Predicts batch by batch.

        Args:
            batches: The inputs.

        Yields:
            The examples that could be predicted, with the faults of the others, and the values of
            each column for them.
        """
        for batch in batches:
            sound = batch.where(_are_finite(batch.x), "a value that is not finite")
            if not len(sound.names):  # Keras takes no batch without examples
                yield sound, {name: [] for name in self.columns.types}
                continue
            outputs = np.asarray(self.model.predict_on_batch(sound.x))
            good = _are_finite(outputs)
            yield (
                sound.where(good, "the model computes a value that is not finite"),
                self.columns.table(outputs[good]),
            )


@dataclass(frozen=True)
class Predicted:
    """How many examples were predicted.

    Attributes:
        rows: The number of predictions that were written.
        faults: The number of examples that could not be predicted.
    """

    rows: int = 0
    faults: int = 0


def predictor_of(record: RunRecord, *, unsafe: bool = False) -> Predictor:
    """Opens the best model of a run.

    Args:
        record: The run.
        unsafe: Whether code that the file brings may run.

    Returns:
        The model, and the meaning of what it takes and puts out, as far as the run has recorded it.

    Raises:
        ConfigError: If it cannot be opened, or takes or puts out something else than one array of
            numbers.
        DataError: If the record of the run is damaged.
        TrackingError: If the tracking store cannot be used.
    """
    model = open_best_model(record, unsafe=unsafe)
    form = _form_of(model)
    settings = record.settings if record.find_file(CONFIG) else {}
    is_finished = record.find_file(RESULT) is not None
    columns = columns_of(
        model,
        _group(_group(settings, "objective"), "loss") or None,
        record.result.class_names if is_finished else (),
    )
    crop = bool(_group(settings, "dataset").get("crop"))
    return Predictor(model, dataclasses.replace(form, crop=crop), columns)


def predict_file(
    predictor: Predictor,
    source: Path,
    path: Path,
    batch_size: int,
    report: Callable[[str], None],
) -> Predicted:
    """Predicts for what is in a file or in a folder of images, and writes it as it goes.

    Args:
        predictor: The model.
        source: The file or folder.
        path: The file to write: `.csv`, `.parquet` or `.jsonl`.
        batch_size: The number of examples that are predicted at a time.
        report: Told what is wrong with each example that cannot be predicted, in a line.

    Returns:
        How many examples were predicted.

    Raises:
        ConfigError: If the source is not there, or holds something else than the model takes.
        DataError: If the source turns out to be damaged later on.
        OSError: If the table cannot be written.
    """
    kind = source_of(source)
    names = {kind.names: int if kind.names == "row" else str}
    done = Predicted()
    with table(path, {**names, **predictor.columns.types}) as write:
        for batch, columns in predictor.predict(kind.read(source, predictor.form, batch_size)):
            write({kind.names: list(batch.names), **columns})
            for fault in batch.faults:
                report(fault)
            done = Predicted(done.rows + len(batch.names), done.faults + len(batch.faults))
    return done


def _group(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = settings.get(name)
    return value if isinstance(value, Mapping) else {}


def _form_of(model: keras.Model) -> InputForm:
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1:
        given = f"a model with {len(inputs) or 'no declared'} inputs"
        raise ConfigError([Problem("RUN", given, "a model with one input")])
    dtype = keras.backend.standardize_dtype(inputs[0].dtype)
    if dtype == "string":
        raise ConfigError([Problem("RUN", "a model that takes text", "a model that takes numbers")])
    return InputForm(tuple(inputs[0].shape[1:]), dtype)


def _are_finite(values: Array) -> Array:
    """Whether all values of each example are finite, bool (examples,)."""
    if values.dtype.kind != "f":
        return np.ones(len(values), bool)
    return np.asarray(np.isfinite(values).all(axis=tuple(range(1, values.ndim))))
