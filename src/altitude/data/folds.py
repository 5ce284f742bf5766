"""Folds of the training examples, for cross-validation."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from altitude.data.arrays import Array, Examples, Splits
from altitude.data.class_labels import classes_in
from altitude.errors import DataError, Problem
from altitude.lazy import model_selection

SEED = 0
"""The folds are the same for every seed of the experiment, whose runs are compared over them."""


def split_fold(splits: Splits, fold: int, num_folds: int) -> Splits:
    """Splits one fold of the training examples off for validation.

    The folds are drawn at random, once and for all, with the same share of each class where the
    labels are classes.

    Args:
        splits: The examples, without a validation split.
        fold: The fold, counted from 0.
        num_folds: The number of folds.

    Returns:
        The splits: of training without the fold, and of validation on it.

    Raises:
        DataError: If there is a validation split, or there are more folds than examples.
    """
    if splits.validation is not None:
        expected = "null: these data have a validation split of their own"
        raise DataError(Problem("dataset.fold", str(fold), expected, "dataset.fold=null"))
    if num_folds > len(splits.train):
        expected = f"at most {len(splits.train):,}, the number of training examples"
        raise DataError(Problem("dataset.num_folds", f"{num_folds:,}", expected))
    train, validation = list(_folds(splits.train.y, num_folds))[fold]
    return replace(
        splits, train=_rows(splits.train, train), validation=_rows(splits.train, validation)
    )


def _folds(y: Array, num_folds: int) -> Iterator[tuple[Array, Array]]:
    """Yields the rows for training and those for validation of each fold."""
    rows, settings = np.zeros(len(y)), {"shuffle": True, "random_state": SEED}
    classes = y if y.ndim == 1 else y.argmax(axis=-1)
    if classes_in(y) is None or np.unique(classes, return_counts=True)[1].min() < num_folds:
        yield from model_selection.KFold(num_folds, **settings).split(rows)
    else:
        yield from model_selection.StratifiedKFold(num_folds, **settings).split(rows, classes)


def _rows(examples: Examples, rows: Array) -> Examples:
    weight = examples.sample_weight
    return Examples(examples.x[rows], examples.y[rows], None if weight is None else weight[rows])
