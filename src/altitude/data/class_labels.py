"""Checks labels that are class indices."""

from collections.abc import Iterator, Sequence

import numpy as np

from altitude.data.arrays import Array, Splits
from altitude.errors import DataError, Problem

SHOWN = 5
"""Number of classes that a message lists."""

RENUMBER = "np.unique(y, return_inverse=True)[1]"


def label_warnings(splits: Splits) -> Iterator[str]:
    """Checks which classes occur in each split, if the labels are classes.

    Args:
        splits: The examples.

    Yields:
        Warnings: classes that never occur, splits of one class, classes without training examples.

    Raises:
        DataError: If there are more classes than examples.
    """
    classes = {name: classes_in(split.y) for name, split in splits.named().items()}
    present = {name: found for name, found in classes.items() if found is not None}
    if "train" not in present:
        return
    highest = max(int(found[-1]) for found in present.values())
    every = np.unique(np.concatenate([*present.values()]))
    # Negative class indices are an error elsewhere.
    if every[0] >= 0:
        _require_plausible_count(every, highest, sum(map(len, splits.named().values())))
        yield from _unused_class_warnings(every, highest)
    yield from _coverage_warnings(present)


def classes_in(y: Array) -> Array | None:
    """Returns the classes that occur, ascending; None if the labels are not classes.

    Args:
        y: Labels: class indices, (examples,), or one-hot rows, (examples, classes).
    """
    if y.ndim == 1 and y.dtype.kind in "iub":
        return np.unique(y).astype(np.int64 if y.dtype.kind == "b" else y.dtype)
    if y.ndim != 2 or y.shape[1] < 2 or not _is_one_hot(y):
        return None
    return np.flatnonzero(y.any(axis=0))


def _is_one_hot(y: Array) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _require_plausible_count(every: Array, highest: int, examples: int) -> None:
    if highest < examples:
        return
    raise DataError(
        Problem(
            "y",
            f"class indices {_list(every)}: a model of {highest + 1:,} classes, "
            f"and there are {examples:,} examples",
            "class indices that count from 0, and fewer classes than examples",
            f"{RENUMBER}; for numbers to be predicted y.astype('float32')",
        )
    )


def _unused_class_warnings(every: Array, highest: int) -> Iterator[str]:
    missing = np.setdiff1d(np.arange(highest + 1), every)
    if missing.size:
        yield (
            f"the labels go up to {highest}, and no example has {_list(missing)}: the model gets "
            f"{highest + 1:,} classes, of which {len(every):,} occur. "
            f"To number them without gaps: y = {RENUMBER}"
        )


def _coverage_warnings(present: dict[str, Array]) -> Iterator[str]:
    train = present["train"]
    if len(train) == 1:
        yield f"all training labels are {train[0]}: there is nothing to tell apart"
    for name in ("validation", "test"):
        if name not in present:
            continue
        unseen = np.setdiff1d(present[name], train)
        if unseen.size:
            yield (
                f"the {name} examples hold the labels {_list(unseen)}, which no training example "
                "has. If the examples are sorted by label, shuffle them before they are split"
            )
        elif len(present[name]) == 1 and len(train) > 1:
            yield (
                f"all {name} labels are {present[name][0]}, and training has {len(train)} classes. "
                "If the examples are sorted by label, shuffle them before they are split"
            )


def _list(classes: Array | Sequence[int]) -> str:
    shown = ", ".join(str(int(index)) for index in classes[:SHOWN])
    more = len(classes) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
