import numpy as np
import pytest

from altitude import DataError
from altitude.data import Digits, Examples, Splits
from altitude.data.arrays import Array
from altitude.data.folds import split_fold

ROWS = np.arange(60)


def splits_of(y: Array, own: Examples | None = None) -> Splits:
    weight = ROWS[: len(y)] * 2.0
    train = Examples(ROWS[: len(y), None], y, weight)
    return Splits(train, Examples(ROWS[:1, None], y[:1]), own)


def held_out(splits: Splits) -> Examples:
    assert splits.validation is not None
    return splits.validation


@pytest.mark.parametrize(
    "y", [ROWS % 3, np.eye(3)[ROWS % 3], ROWS / 60, ROWS[:, None] / 60, (ROWS > 57).astype(int)]
)
def test_each_example_is_validated_on_once(y: Array) -> None:
    folds = [split_fold(splits_of(y), fold, 5) for fold in range(5)]
    assert sorted(np.concatenate([held_out(fold).x[:, 0] for fold in folds])) == list(ROWS)
    for fold in folds:
        part = held_out(fold)
        assert sorted([*fold.train.x[:, 0], *part.x[:, 0]]) == list(ROWS)
        assert np.array_equal(part.y, y[part.x[:, 0]])
        assert part.sample_weight is not None
        assert np.array_equal(part.sample_weight, part.x[:, 0] * 2.0)


def test_each_fold_has_its_share_of_each_class() -> None:
    for y in (np.sort(ROWS % 3), np.eye(3)[np.sort(ROWS % 3)]):
        for fold in range(5):
            part = held_out(split_fold(splits_of(y), fold, 5)).y
            classes = part if part.ndim == 1 else part.argmax(axis=1)
            assert np.bincount(classes).tolist() == [4, 4, 4]


def test_folds_are_the_same_each_time() -> None:
    first, again = (held_out(split_fold(splits_of(ROWS % 3), 2, 5)) for _ in range(2))
    assert np.array_equal(first.x, again.x)


def test_the_limit_is_applied_to_what_remains() -> None:
    splits = Digits(fold=1, num_folds=3, limit=100).split()
    assert [len(split) for split in splits.named().values()] == [100, 297, 500]


def test_data_with_a_validation_split() -> None:
    own = Examples(ROWS[:2, None], ROWS[:2])
    with pytest.raises(DataError, match=r"dataset\.fold=null"):
        split_fold(splits_of(ROWS % 3, own), 0, 5)


def test_more_folds_than_examples() -> None:
    with pytest.raises(DataError, match="at most 60"):
        split_fold(splits_of(ROWS % 3), 0, 61)
