"""Evaluates the best model of a run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from altitude.data.arrays import Array
from altitude.errors import ConfigError, Problem
from altitude.lazy import np, tf
from altitude.records.evaluation.bootstrap import headline_interval
from altitude.records.evaluation.class_pictures import mistakes_picture
from altitude.records.evaluation.classification import (
    classification_report,
    mistakes,
    mistakes_table,
)
from altitude.records.evaluation.evaluation import Evaluation
from altitude.records.evaluation.predictions import (
    Regressed,
    class_names,
    predict,
)
from altitude.records.evaluation.regression import regression_report
from altitude.records.evaluation.report import Report
from altitude.records.evaluation.scored_data import ScoredData, Split, data_in_file, split_of
from altitude.records.record import RunRecord
from altitude.records.restored import restored
from altitude.runs.result_file import RESULT
from altitude.training.training import Training

LOGGED_AS = {"test": "test_", "validation": "best_val_"}
"""How the names of a run's own metrics of a split begin."""

FINGERPRINT = "dataset.fingerprint"
"""The tag of a run with the fingerprint of its data."""


def evaluate(
    record: RunRecord,
    split: Split = "test",
    data: Path | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Evaluates the best model of a run as the run itself did.

    Args:
        record: The run.
        split: The split, of the run's own dataset or of that in `overrides`.
        data: A file with examples of the user's own, in place of a split.
        overrides: Another dataset, such as `dataset=npz` and `dataset.path=mine.npz`.

    Returns:
        The metrics of the run and, by the kind of its task, more.

    Raises:
        ConfigError: If the run cannot be evaluated, or not on these data.
        DataError: If the data cannot be found, or are damaged.
        TrackingError: If the tracking store cannot be used.
    """
    _require_dataset(overrides)
    load = partial(split_of, split=split) if data is None else partial(data_in_file, path=data)
    with restored(record, load, overrides) as (training, scored):
        metrics = training.evaluate(scored.batches)
        report = _report(training, scored)
        is_own = data is None and not overrides
        has_changed = is_own and not _is_unchanged(record, scored)
        is_own = is_own and not has_changed
        name = split if is_own else scored.full_name
        objective = training.experiment.objective
        return Evaluation(
            run=record.run_id or record.name,
            name=name,
            data=f"{scored.full_name}{_remark(report, has_changed=has_changed)}",
            metrics=metrics,
            logged=_logged(record, split) if is_own else {},
            report=report,
            interval=headline_interval(metrics, report.by_example, objective.monitor),
        )


def folder_of(record: RunRecord, evaluation: Evaluation) -> Path:
    """Returns the folder for the files of an evaluation: in that of the run, if it is here.

    Args:
        record: The run.
        evaluation: The evaluation.
    """
    name = re.sub(r"[^\w-]", "_", record.run_id or Path(record.name).name)
    return (record.folder or Path("evaluations") / name) / evaluation.prefix


def _require_dataset(overrides: Sequence[str]) -> None:
    others = [text for text in overrides if not re.match(r"\+*dataset(=|\.)", text)]
    if others:
        expected = "dataset=... and dataset.key=...: all else is as the run was"
        raise ConfigError([Problem(text, text, expected) for text in others])


def _is_unchanged(record: RunRecord, scored: ScoredData) -> bool:
    """Whether the dataset holds what it held when the run was trained, as far as is known."""
    before = None if record.logged is None else record.logged.tags.get(FINGERPRINT)
    return before in (None, scored.fingerprint)


def _logged(record: RunRecord, split: Split) -> Mapping[str, float]:
    prefix = LOGGED_AS.get(split)
    if prefix is None or record.find_file(RESULT) is None:
        return {}
    metrics = record.result.metrics
    return {n.removeprefix(prefix): v for n, v in metrics.items() if n.startswith(prefix)}


def _remark(report: Report, *, has_changed: bool) -> str:
    examples = f", {report.examples:,} examples" if report.examples else ""
    return f"{examples}, which have changed since the run was trained" if has_changed else examples


def _report(training: Training, scored: ScoredData) -> Report:
    predictions = predict(training, scored.batches)
    if isinstance(predictions, Regressed):
        return regression_report(predictions)
    if predictions is None:
        return Report()
    names = class_names(training.experiment.dataset, predictions.probabilities.shape[1])
    report = classification_report(predictions, names)
    images = _images(scored.batches, mistakes(predictions))
    if images is None:
        return report
    titles = [
        f"{row}: {label}, not {predicted}"
        for row, predicted, label, _ in mistakes_table(predictions, names).rows
    ]
    pictures = {**report.pictures, "most_confident_mistakes": mistakes_picture(images, titles)}
    return dataclasses.replace(report, pictures=pictures)


def _images(batches: tf.data.Dataset, rows: Array) -> Array | None:
    """The inputs of some examples, if they are images: (rows, height, width) or with channels."""
    shape = tuple(getattr(batches.element_spec[0], "shape", ()))
    if not len(rows) or not (len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))):
        return None
    found: dict[int, Array] = {}
    first = 0
    for batch in batches:
        inputs = np.asarray(batch[0])
        here = rows[(rows >= first) & (rows < first + len(inputs))]
        found |= {int(row): inputs[row - first] for row in here}
        first += len(inputs)
    return np.stack([found[int(row)] for row in rows])
