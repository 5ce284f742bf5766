"""Checks loaded data for faults that raise no error in training but spoil its result."""

from collections.abc import Iterator

import numpy as np

from altitude.data.arrays import Array, Splits
from altitude.data.class_labels import label_warnings
from altitude.data.repeated_rows import count_repeated
from altitude.errors import DataError, Problem

MAX_ROWS_SHOWN = 5
REPEATED_SHARE = 0.01
"""The share of repeated examples above which there is a warning. Fashion-MNIST has none."""

SAMPLED_ROWS = 200
LARGE, SMALL = 30.0, 0.02
"""Inputs with a larger root mean square, or with all values smaller, are of an unusual scale."""


def examine(splits: Splits, divisor: float | None = None) -> list[str]:
    """Checks the examples of all splits, before `limit` is applied.

    Args:
        splits: The examples.
        divisor: What inputs are divided by; None if the user has not set it.

    Returns:
        Warnings, one or two sentences each.

    Raises:
        DataError: If there are NaN or infinite values, or more classes than examples.
    """
    _require_finite(splits)
    found = [*_constants(splits), *label_warnings(splits), *_weights(splits), *_repeated(splits)]
    return found if divisor is not None else [*found, *_scale(splits.train.x)]


def _require_finite(splits: Splits) -> None:
    for split, examples in splits.named().items():
        for name, array in examples.named().items():
            if array.dtype.kind == "f" and not _is_finite(array):
                raise DataError(_not_finite(f"{name} of {split}", array))


def _is_finite(array: Array) -> bool:
    # The extremes are NaN or infinite if any value is. A value beyond float32 becomes infinite.
    limit = np.finfo(np.float32).max
    return bool(array.min() >= -limit and array.max() <= limit)


def _not_finite(name: str, array: Array) -> Problem:
    with np.errstate(over="ignore"):
        as_trained = array.astype(np.float32)
    bad = ~np.isfinite(as_trained)
    nan = int(np.isnan(as_trained).sum())
    counts = {"NaN": nan, "infinite as float32": int(bad.sum()) - nan}
    values = " and ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    rows = np.unique(np.nonzero(bad)[0])
    shown = ", ".join(str(row) for row in rows[:MAX_ROWS_SHOWN])
    where = f"row {shown}" if len(rows) == 1 else f"rows {shown}"
    where += f", ... ({len(rows):,} rows)" if len(rows) > MAX_ROWS_SHOWN else ""
    return Problem(
        name,
        f"{values} of {array.size:,} values, in {where}",
        "finite numbers",
        "drop these rows or fill them in: np.isfinite finds them, np.nan_to_num replaces them",
    )


def _constants(splits: Splits) -> Iterator[str]:
    for split, examples in splits.named().items():
        x = examples.x
        if len(x) < 2:
            continue
        if x.min() == x.max():
            yield f"every value in x of {split} is {x.flat[0]}: the inputs say nothing"
        elif _rows_are_equal(x):
            yield f"all {len(x):,} examples in x of {split} are equal: the inputs say nothing"
    y = splits.train.y
    if y.dtype.kind == "f" and y.size > 1 and y.min() == y.max():
        yield f"every label for training is {y.flat[0]}: there is nothing to learn"
    yield from _constant_columns(splits.train.x)


def _rows_are_equal(x: Array) -> bool:
    step = max(1, len(x) // SAMPLED_ROWS)
    return bool((x[::step] == x[0]).all() and (x == x[0]).all())


def _constant_columns(x: Array) -> Iterator[str]:
    if x.ndim != 2 or x.shape[1] < 2 or len(x) < 2:
        return
    constant = int((x[:SAMPLED_ROWS] == x[0]).all(axis=0).sum())
    if 2 * constant <= x.shape[1]:  # single ones are common, such as the pixels of an image's rim
        return
    constant = int((x == x[0]).all(axis=0).sum())
    if x.shape[1] / 2 < constant < x.shape[1]:
        yield f"{constant:,} of {x.shape[1]:,} columns in x of train never change"


def _weights(splits: Splits) -> Iterator[str]:
    for split, examples in splits.named().items():
        weight = examples.sample_weight
        if weight is None:
            continue
        negative = int((weight < 0).sum())
        if negative:
            yield (
                f"{negative:,} of {weight.size:,} values in sample_weight of {split} are negative: "
                "training would make these examples worse"
            )
        elif not weight.any():
            yield f"every value in sample_weight of {split} is 0: no example counts"


def _repeated(splits: Splits) -> Iterator[str]:
    others = {name: split for name, split in splits.named().items() if name != "train"}
    counts = count_repeated(splits.train.x, [split.x for split in others.values()])
    for (name, split), count in zip(others.items(), counts, strict=True):
        if count > REPEATED_SHARE * len(split):
            yield (
                f"{count:,} of {len(split):,} {name} examples have the same x as a training "
                f"example: the {name} scores are better than those on new data will be"
            )


def _scale(x: Array) -> Iterator[str]:
    """Warns of inputs whose scale makes training slow."""
    if x.dtype.kind in "iu" and x.dtype != np.uint8 and x.ndim < 3:
        return  # most likely indices, such as words for an embedding
    divisor = 255.0 if x.dtype == np.uint8 else 1.0
    sample = x[:: max(1, len(x) // SAMPLED_ROWS)].astype(np.float64) / divisor
    low, high = float(sample.min()), float(sample.max())
    if np.sqrt(np.mean(np.square(sample))) > LARGE:
        bytes_like = low >= 0 and high <= 255
        instead = "dataset.divisor=255" if bytes_like else "(x - x.mean(axis=0)) / x.std(axis=0)"
    elif 0 < max(abs(low), abs(high)) < SMALL:
        instead = "dataset.divisor=1" if x.dtype == np.uint8 else "a smaller dataset.divisor"
    else:
        return
    yield (
        f"the model's inputs go from {low:.3g} to {high:.3g}; models learn best from about -1 to "
        f"1: {instead}. If this is meant, write dataset.divisor={divisor:g}"
    )
