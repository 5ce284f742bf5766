"""Checks of the examples beyond those at every start of a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from altitude.data.arrays import Array
from altitude.data.pipeline import Pipelines
from altitude.doctor.report import Finding, Measurement, Verdict

MOST_EXAMPLES = 50_000
"""The number of training examples whose labels are counted."""

IMBALANCE = 10
"""Classes of which one has so many times the examples of another are called imbalanced."""

CLASSES = ("integer", "one_hot")


def check_classes(pipelines: Pipelines) -> Iterator[Finding]:
    """Counts the classes of the training examples.

    Args:
        pipelines: The data.

    Yields:
        Their share, the accuracy of always answering with the most frequent one, and a verdict if
        they are imbalanced. Nothing if the labels are not classes.
    """
    labels = pipelines.spec.labels
    if labels.kind not in CLASSES or labels.num_classes < 2:
        return
    counts = _count(pipelines)
    most, least = int(counts.argmax()), int(counts.argmin())
    share = counts[most] / counts.sum()
    text = f"{labels.num_classes} classes; always answering {most} has an accuracy of {share:.4f}"
    yield Measurement(subject="data", text=text)
    if counts[most] >= IMBALANCE * max(1, counts[least]):
        weight = counts[most] / max(1, counts[least])
        yield Verdict(
            name="imbalanced classes",
            subject="data",
            seen=f"class {most} has {counts[most]:,} examples, class {least} {counts[least]:,}",
            reason=f"a model that always answers {most} has an accuracy of {share:.4f}",
            instead=f"'objective.class_weight={{{least}: {weight:.3g}}}'"
            ", and compare accuracies with that",
        )


def _count(pipelines: Pipelines) -> Array:
    labels = pipelines.spec.labels
    counts = np.zeros(labels.num_classes, np.int64)
    for batch in pipelines.train:
        y = batch[1].numpy()
        classes = y.argmax(axis=-1) if labels.kind == "one_hot" else y
        counts += np.bincount(classes, minlength=labels.num_classes)
        if counts.sum() >= MOST_EXAMPLES:
            break
    return counts
