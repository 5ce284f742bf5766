import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from altitude import DataError
from altitude.data import Examples, LabelSpec, Splits
from altitude.data.arrays import Array, describe_labels, split_validation


def examples(count: int, weighted: bool = False) -> Examples:
    rows = np.arange(count, dtype=np.uint8)
    return Examples(rows[:, None], rows, rows.astype(np.float32) if weighted else None)


def splits_of(labels: Any, test_labels: Any = None) -> Splits:
    def labelled(y: Array) -> Examples:
        return Examples(np.zeros((len(y), 2)), y)

    train = np.asarray(labels)
    return Splits(
        labelled(train), labelled(train if test_labels is None else np.asarray(test_labels))
    )


def test_examples_are_counted_and_sliced_together() -> None:
    some = examples(10, weighted=True)[2:5]
    assert len(some) == 3
    assert some.x.tolist() == [[2], [3], [4]]
    assert some.y.tolist() == [2, 3, 4]
    assert some.sample_weight is not None
    assert some.sample_weight.tolist() == [2, 3, 4]


def test_a_slice_of_unweighted_examples_is_unweighted() -> None:
    assert examples(10)[:3].sample_weight is None


def test_a_slice_is_a_view() -> None:
    whole = examples(10)
    assert np.shares_memory(whole.x, whole[2:5].x)


@pytest.mark.parametrize(
    ("labels", "weights", "message"),
    [
        (3, None, r"(?s)y\n.*3 entries.*4, as many as there are inputs in x"),
        (4, 5, r"(?s)sample_weight\n.*5 entries.*4, as many as there are inputs in x"),
    ],
)
def test_as_many_labels_and_weights_as_inputs(
    labels: int, weights: int | None, message: str
) -> None:
    sample_weight = None if weights is None else np.zeros(weights)
    with pytest.raises(DataError, match=message):
        Examples(np.zeros((4, 2)), np.zeros(labels), sample_weight)


def test_validation_is_the_last_of_training() -> None:
    splits = split_validation(Splits(examples(10), examples(2)), 3)
    assert splits.train.y.tolist() == list(range(7))
    assert splits.validation is not None
    assert splits.validation.y.tolist() == [7, 8, 9]
    assert splits.test.y.tolist() == [0, 1]


def test_no_validation_is_split_off_if_none_is_wanted() -> None:
    splits = Splits(examples(10), examples(2))
    assert split_validation(splits, 0) is splits


def test_no_validation_is_split_off_if_there_is_one() -> None:
    splits = Splits(examples(10), examples(2), examples(4))
    assert split_validation(splits, 3) is splits


@pytest.mark.parametrize("size", [10, 11])
def test_validation_must_leave_something_to_train_on(size: int) -> None:
    with pytest.raises(DataError, match=f"(?s)validation_size.*{size}, .* less than 10,"):
        split_validation(Splits(examples(10), examples(2)), size)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 2, 1], LabelSpec("integer", 3)),
        (np.array([0, 4], np.uint8), LabelSpec("integer", 5)),
        ([True, False], LabelSpec("integer", 2)),
        ([0.5, 1.5], LabelSpec("scalar", 1)),
        ([[0.5], [1.5]], LabelSpec("column", 1)),
        ([[0], [1]], LabelSpec("column", 1)),
        ([[0, 1, 0], [1, 0, 0]], LabelSpec("one_hot", 3)),
    ],
)
def test_describe_labels(labels: Any, expected: LabelSpec) -> None:
    assert describe_labels(splits_of(labels)) == expected


def test_classes_are_counted_over_all_splits() -> None:
    assert describe_labels(splits_of([0, 1], test_labels=[6])) == LabelSpec("integer", 7)


def test_a_class_index_below_zero() -> None:
    with pytest.raises(DataError, match=r"(?s)a class index of -1.*indices from 0"):
        describe_labels(splits_of([0, -1]))


def test_labels_of_too_many_dimensions() -> None:
    with pytest.raises(DataError, match=r"\(3, 2, 2\)"):
        describe_labels(splits_of(np.zeros((3, 2, 2))))


def test_the_fingerprint_is_that_of_the_data() -> None:
    first, second = Splits(examples(10), examples(2)), Splits(examples(10), examples(2))
    assert first.fingerprint == second.fingerprint
    assert len(first.fingerprint) == 16


def test_the_fingerprint_does_not_depend_on_the_layout_in_memory() -> None:
    spread = np.zeros((10, 2), np.uint8)
    spread[:, 0] = np.arange(10)
    train = dataclasses.replace(examples(10), x=spread[:, :1])
    expected = Splits(examples(10), examples(2)).fingerprint
    assert Splits(train, examples(2)).fingerprint == expected


CHANGED: dict[str, Callable[[Array], Array]] = {
    "one value": lambda x: np.where(x == 9, 8, x).astype(np.uint8),
    "dtype": lambda x: x.astype(np.int8),
    "shape": lambda x: x[:, None],
    "order": lambda x: x[::-1],
}


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("name", ["x", "y"])
def test_the_fingerprint_changes_with_the_data(name: str, change: str) -> None:
    train = examples(10)
    changed = dataclasses.replace(train, **{name: CHANGED[change](getattr(train, name))})
    before = Splits(train, train[:2]).fingerprint
    assert Splits(changed, changed[:2]).fingerprint != before


def test_the_fingerprint_changes_with_the_splits() -> None:
    splits = [
        Splits(examples(10), examples(2)),
        Splits(examples(10), examples(3)),
        Splits(examples(10), examples(2), examples(2)),
        Splits(examples(10, weighted=True), examples(2)),
        Splits(examples(10), examples(2, weighted=True)),
    ]
    assert len({split.fingerprint for split in splits}) == len(splits)


@pytest.mark.parametrize(
    "array", [np.array(3), np.array(["shirt", "shoe"]), np.array([None, 1], dtype=object)]
)
def test_what_is_no_array_of_numbers_is_refused(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(DataError, match=r"(?s)^y\n.*an array of numbers"):
        Examples(np.zeros((2, 3)), array)


def test_a_split_without_examples_is_refused() -> None:
    with pytest.raises(DataError, match="10 training and 0 test examples"):
        Splits(examples(10), examples(0))


def test_splits_of_different_shapes_are_refused() -> None:
    narrow = Examples(np.zeros((2, 5)), examples(2).y)
    with pytest.raises(
        DataError, match=r"(?s)x of validation\n.*shape \(5,\).*\(1,\), as for training"
    ):
        Splits(examples(10), examples(2), narrow)


def test_a_tenth_is_split_off_if_nothing_is_said_and_a_note_says_so() -> None:
    splits = split_validation(Splits(examples(30), examples(2)), None)
    assert splits.validation is not None
    assert splits.validation.y.tolist() == [27, 28, 29]
    expected = "the last 3 of 30 training examples are for validation: dataset.validation_size=3"
    assert splits.note == expected


def test_nothing_is_noted_if_the_size_was_chosen() -> None:
    assert split_validation(Splits(examples(30), examples(2)), 3).note == ""


def test_few_examples_are_split_too() -> None:
    splits = split_validation(Splits(examples(4), examples(2)), None)
    assert len(splits.train) == 3


@pytest.mark.parametrize("shape", [(300, 0), (300, 4, 0)])
def test_inputs_without_values_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="at least one value in each example"):
        Examples(np.zeros(shape), np.zeros(300))


def test_lists_are_refused_with_what_to_write() -> None:
    rows: Any = [[1.0], [2.0]]
    with pytest.raises(DataError, match=r"(?s)builtins.list.*np.asarray\(x\)"):
        Examples(rows, np.zeros(2))


def test_text_labels_are_refused_with_a_way_to_number_them() -> None:
    with pytest.raises(DataError, match=r"np.unique\(y, return_inverse=True\)"):
        Examples(np.zeros((2, 3)), np.array(["shirt", "shoe"]))


def test_a_weight_for_each_example_is_needed() -> None:
    with pytest.raises(DataError, match="one weight an example"):
        Examples(np.zeros((2, 3)), np.zeros(2), np.zeros((2, 3)))
