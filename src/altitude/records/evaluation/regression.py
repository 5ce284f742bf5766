"""Scores of predicted numbers: residuals and their quantiles."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import r2_score

from altitude.data.arrays import Array
from altitude.records.evaluation.predictions import Regressed
from altitude.records.evaluation.report import Report, Table

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MOST_MISTAKES = 25


def regression_report(predictions: Regressed) -> Report:
    """Describes the predictions of numbers.

    Args:
        predictions: True and predicted values.

    Returns:
        Mean absolute error, root mean squared error, R2, the quantiles of
        the residuals, and the largest ones.
    """
    residuals = predictions.values - predictions.labels
    tables = [_quantiles(residuals), _largest(predictions, residuals)]
    pictures = {"residuals": _picture(predictions, residuals)}
    by_example = {
        "mean_absolute_error": np.abs(residuals).mean(axis=1),
        "mean_squared_error": np.square(residuals).mean(axis=1),
    }
    return Report(_scores(predictions, residuals), tables, pictures, by_example)


def _scores(predictions: Regressed, residuals: Array) -> dict[str, float]:
    scores = {
        "mean_absolute_error": float(np.abs(residuals).mean()),
        "root_mean_squared_error": float(np.sqrt(np.square(residuals).mean())),
    }
    if len(residuals) > 1:
        scores["r2"] = float(r2_score(predictions.labels, predictions.values))
    return scores


def _quantiles(residuals: Array) -> Table:
    rows = [
        (f"{share:.0%}", *(f"{value:.6g}" for value in np.quantile(residuals, share, axis=0)))
        for share in QUANTILES
    ]
    values = range(residuals.shape[1])
    names = ("residual",) if len(values) == 1 else tuple(f"residual {value}" for value in values)
    return Table("residuals (predicted less label)", ("quantile", *names), rows)


def _largest(predictions: Regressed, residuals: Array) -> Table:
    order = np.argsort(-np.abs(residuals).max(axis=1), kind="stable")[:MOST_MISTAKES]
    rows = [
        (str(row), _listed(predictions.labels[row]), _listed(predictions.values[row]))
        for row in order
    ]
    return Table("largest residuals (rows count from 0)", ("row", "label", "predicted"), rows)


def _listed(values: Array) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _picture(predictions: Regressed, residuals: Array) -> Figure:
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    scatter, histogram = figure.subplots(1, 2)
    scatter.scatter(predictions.labels, predictions.values, s=4, alpha=0.5)
    ends = (float(predictions.labels.min()), float(predictions.labels.max()))
    scatter.plot(ends, ends, color="grey", linestyle=":")
    scatter.set(xlabel="label", ylabel="predicted")
    histogram.hist(residuals.reshape(-1), bins=40)
    histogram.set(xlabel="predicted less label", ylabel="examples")
    return figure
