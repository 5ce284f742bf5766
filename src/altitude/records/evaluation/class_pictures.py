"""Pictures of the predictions of a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from altitude.data.arrays import Array
from altitude.records.evaluation.predictions import Classified

SIDE = 4.2
"""Width and height of a panel, in inches."""

MOST_LABELS = 30
"""The largest number of classes whose names fit on an axis."""

COLUMNS = 5


def confusion_picture(matrix: Array, names: Sequence[str]) -> Figure:
    """Draws a confusion matrix, each row as shares of its class.

    Args:
        matrix: Counts, (classes, classes): labels down, predictions across.
        names: The names of the classes.

    Returns:
        The figure.
    """
    figure, (axis,) = _panels(1, side=max(SIDE, min(len(names), MOST_LABELS) * 0.4))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set(xlabel="predicted", ylabel="label")
    if len(names) <= MOST_LABELS:
        axis.set_xticks(range(len(names)), [_plain(name) for name in names], rotation=90)
        axis.set_yticks(range(len(names)), [_plain(name) for name in names])
        for (row, column), count in np.ndenumerate(matrix):
            color = "white" if shares[row, column] > 0.5 else "black"
            axis.text(column, row, str(count), ha="center", va="center", color=color, fontsize=7)
    return figure


def calibration_picture(confidence: Array, accuracy: Array, share: Array) -> Figure:
    """Draws accuracy against confidence.

    Args:
        confidence: Mean confidence by bin, (bins,).
        accuracy: Accuracy by bin, (bins,).
        share: Share of all examples by bin, (bins,); the area of a point.

    Returns:
        The figure.
    """
    figure, (axis,) = _panels(1)
    axis.plot((0, 1), (0, 1), color="grey", linestyle=":", label="as sure as it is right")
    axis.plot(confidence, accuracy, color="tab:blue")
    axis.scatter(confidence, accuracy, s=20 + 300 * share, color="tab:blue", label="bins")
    axis.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    axis.legend()
    return figure


def curves_picture(predictions: Classified, names: Sequence[str]) -> Figure:
    """Draws the ROC and the precision-recall curve of each class against all others.

    Args:
        predictions: Labels and probabilities.
        names: The names of the classes.

    Returns:
        The figure.
    """
    figure, (roc, precision_recall) = _panels(2)
    for index, name in enumerate(names):
        is_class = predictions.labels == index
        if is_class.all() or not is_class.any():
            continue
        score = predictions.probabilities[:, index]
        false_positives, true_positives, _ = roc_curve(is_class, score)
        precision, recall, _ = precision_recall_curve(is_class, score)
        roc.plot(false_positives, true_positives, label=_plain(name), linewidth=1)
        precision_recall.plot(recall, precision, label=_plain(name), linewidth=1)
    roc.set(title="ROC", xlabel="false positive rate", ylabel="true positive rate")
    precision_recall.set(title="precision and recall", xlabel="recall", ylabel="precision")
    precision_recall.legend(fontsize=7)
    return figure


def mistakes_picture(images: Array, titles: Sequence[str]) -> Figure:
    """Draws images with a title each.

    Args:
        images: (images, height, width) or (images, height, width, 1 or 3).
        titles: A title for each.

    Returns:
        The figure.
    """
    rows = -(-len(images) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * 1.7, rows * 2.0), layout="constrained")
    axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    low, high = float(images.min()), float(images.max())
    shown = (images.squeeze(-1) if images.shape[-1] == 1 else images) - low
    for axis in axes:
        axis.axis("off")
    for axis, image, title in zip(axes, shown / max(high - low, 1e-9), titles, strict=False):
        axis.imshow(image, cmap="gray")
        axis.set_title(_plain(title), fontsize=7)
    return figure


def _panels(count: int, side: float = SIDE) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(side * count, side), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def _plain(name: str) -> str:
    """A name that Matplotlib does not read as mathematics."""
    return name.replace("$", r"\$")
