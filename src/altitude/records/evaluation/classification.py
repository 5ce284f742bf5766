"""Scores of a classifier: by class, by confidence, and its most confident mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

from altitude.data.arrays import Array
from altitude.records.evaluation.class_pictures import (
    calibration_picture,
    confusion_picture,
    curves_picture,
)
from altitude.records.evaluation.predictions import Classified
from altitude.records.evaluation.report import Report, Table

BINS = 15
MOST_MISTAKES = 25
MOST_CURVES = 20
"""The largest number of classes with a curve each."""


def classification_report(predictions: Classified, names: Sequence[str]) -> Report:
    """Describes the predictions of a classifier.

    Args:
        predictions: Labels and probabilities.
        names: The names of the classes.

    Returns:
        Per-class precision, recall and F1, confusion, calibration, areas under curves, and the
        most confident mistakes.
    """
    by_class = _by_class(predictions, len(names))
    areas = [_areas(predictions, index) for index in range(len(names))]
    matrix = _confusion(predictions, len(names))
    pictures = {
        "confusion_matrix": confusion_picture(matrix, names),
        "calibration": calibration_picture(*reliability(predictions)),
    }
    if len(names) <= MOST_CURVES:
        pictures["roc_and_precision_recall"] = curves_picture(predictions, names)
    tables = [
        _class_table(by_class, areas, names),
        _matrix_table(matrix, names),
        mistakes_table(predictions, names),
    ]
    right = (predictions.predicted == predictions.labels).astype(np.float64)
    return Report(_scores(predictions, by_class, areas), tables, pictures, {"accuracy": right})


def reliability(predictions: Classified) -> tuple[Array, Array, Array]:
    """Compares confidence with accuracy, in 15 bins of equal width.

    Args:
        predictions: Labels and probabilities.

    Returns:
        For each bin that is not empty its mean confidence, its accuracy, and its share of all
        examples; each (bins,).
    """
    right = predictions.predicted == predictions.labels
    bins = np.minimum((predictions.confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    used = counts > 0
    confidence = np.bincount(bins, predictions.confidence, BINS)[used] / counts[used]
    accuracy = np.bincount(bins, right, BINS)[used] / counts[used]
    return confidence, accuracy, counts[used] / counts.sum()


def calibration_error(predictions: Classified) -> float:
    """Returns the expected calibration error: the mean gap of confidence and accuracy.

    Args:
        predictions: Labels and probabilities.
    """
    confidence, accuracy, share = reliability(predictions)
    return float((np.abs(confidence - accuracy) * share).sum())


def mistakes(predictions: Classified) -> Array:
    """Returns the positions of the most confident mistakes, the most confident one first.

    Args:
        predictions: Labels and probabilities.
    """
    wrong = np.flatnonzero(predictions.predicted != predictions.labels)
    order = np.argsort(-predictions.confidence[wrong], kind="stable")
    return np.asarray(wrong[order][:MOST_MISTAKES])


def mistakes_table(predictions: Classified, names: Sequence[str]) -> Table:
    """Returns a table of the most confident mistakes.

    Args:
        predictions: Labels and probabilities.
        names: The names of the classes.
    """
    rows = [
        (
            str(row),
            names[predictions.labels[row]],
            names[predictions.predicted[row]],
            f"{predictions.confidence[row]:.4f}",
        )
        for row in mistakes(predictions)
    ]
    columns = ("row", "label", "predicted", "probability")
    return Table("most confident mistakes (rows count from 0)", columns, rows)


def _by_class(predictions: Classified, count: int) -> list[Array]:
    """Precision, recall, F1 and number of examples, each (classes,)."""
    return [
        np.asarray(values)
        for values in precision_recall_fscore_support(
            predictions.labels, predictions.predicted, labels=range(count), zero_division=0.0
        )
    ]


def _areas(predictions: Classified, index: int) -> tuple[float, float]:
    """Areas under the ROC and the precision-recall curve of a class; NaN if it has no examples."""
    is_class = predictions.labels == index
    if is_class.all() or not is_class.any():
        return math.nan, math.nan
    score = predictions.probabilities[:, index]
    return float(roc_auc_score(is_class, score)), float(average_precision_score(is_class, score))


def _confusion(predictions: Classified, count: int) -> Array:
    return np.asarray(
        confusion_matrix(predictions.labels, predictions.predicted, labels=range(count))
    )


def _scores(
    predictions: Classified, by_class: Sequence[Array], areas: Sequence[tuple[float, float]]
) -> dict[str, float]:
    present = by_class[3] > 0
    precision, recall, f1 = (float(values[present].mean()) for values in by_class[:3])
    roc, average_precision = np.asarray(areas)[present].mean(axis=0)
    return {
        "macro_precision": precision,
        "macro_recall": recall,
        "macro_f1": f1,
        "macro_roc_auc": float(roc),
        "macro_average_precision": float(average_precision),
        "calibration_error": calibration_error(predictions),
    }


def _class_table(
    by_class: Sequence[Array], areas: Sequence[tuple[float, float]], names: Sequence[str]
) -> Table:
    columns = ("class", "precision", "recall", "F1", "ROC AUC", "average precision", "examples")
    rows = [
        (
            name,
            *(f"{values[index]:.4f}" for values in by_class[:3]),
            *(f"{area:.4f}" for area in areas[index]),
            str(by_class[3][index]),
        )
        for index, name in enumerate(names)
    ]
    return Table("by class", columns, rows)


def _matrix_table(matrix: Array, names: Sequence[str]) -> Table:
    rows = [(name, *map(str, row)) for name, row in zip(names, matrix, strict=True)]
    return Table("confusion matrix (labels down, predictions across)", ("", *names), rows)
