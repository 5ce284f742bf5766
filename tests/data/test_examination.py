import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from altitude import DataError
from altitude.data import ArrayDataset, Digits, Examples, FashionMnist, Splits
from altitude.data.arrays import Array
from altitude.data.examination import examine
from altitude.data.repeated_rows import count_repeated

RANDOM = np.random.default_rng(0)
COUNT = 60


def sound(**changes: Any) -> Splits:
    """Splits with nothing to complain about, but for the changes to the training examples."""
    train = {"x": RANDOM.normal(size=(COUNT, 4)), "y": np.arange(COUNT) % 3} | changes
    test = Examples(RANDOM.normal(size=(9, 4)), np.arange(9) % 3)
    return Splits(Examples(**train), test)


def put(array: Array, value: float, *rows: int) -> Array:
    changed = array.copy()
    changed[list(rows)] = value
    return changed


def one_hot(classes: Array, width: int) -> Array:
    return np.eye(width)[classes]


def test_nothing_is_said_of_sound_data() -> None:
    assert examine(sound()) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "4 NaN of 240 values, in row 7"),
        (np.inf, "4 infinite as float32 of 240 values, in row 7"),
        (1e300, "4 infinite as float32 of 240 values, in row 7"),
    ],
)
def test_inputs_that_are_not_finite(value: float, words: str) -> None:
    with pytest.raises(DataError, match=rf"(?s)^x of train\n.*{words}.*finite numbers.*np\."):
        examine(sound(x=put(RANDOM.normal(size=(COUNT, 4)), value, 7)))


def test_labels_that_are_not_finite_are_counted_and_the_first_rows_named() -> None:
    y = put(RANDOM.random(COUNT), np.nan, *range(10, 20))
    with pytest.raises(DataError, match=r"(?s)^y of train\n.*10 NaN.*rows 10, .*14, ... \(10 rows"):
        examine(sound(y=y))


def test_weights_that_are_not_finite() -> None:
    with pytest.raises(DataError, match="sample_weight of train"):
        examine(sound(sample_weight=put(np.ones(COUNT), np.nan, 0)))


def test_a_nan_in_the_test_examples() -> None:
    splits = sound()
    test = Examples(put(splits.test.x, np.nan, 0), splits.test.y)
    with pytest.raises(DataError, match="x of test"):
        examine(Splits(splits.train, test))


def test_more_classes_than_examples() -> None:
    labels = np.array([0, 5, 2**40])[np.arange(COUNT) % 3]
    with pytest.raises(
        DataError, match=r"(?s)0, 1, 2, 5, 1099511627776: .* 69 examples.*np.unique"
    ):
        examine(sound(y=labels))


SUSPICIOUS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "gaps": (lambda: {"y": np.array([0, 1, 2, 9])[np.arange(COUNT) % 4]}, "3, 4, 5, 6, 7 and 1 mo"),
    "constant": (lambda: {"x": np.ones((COUNT, 4))}, "every value in x of train is 1.0"),
    "equal rows": (
        lambda: {"x": np.tile([1.0, 2.0, 3.0, 4.0], (COUNT, 1))},
        "60 examples .* equal",
    ),
    "columns": (
        lambda: {"x": RANDOM.normal(size=(COUNT, 4)) * [1, 0, 0, 0]},
        "3 of 4 columns in x of train never change",
    ),
    "constant target": (lambda: {"y": np.ones(COUNT)}, "every label for training is 1.0"),
    "negative weight": (
        lambda: {"sample_weight": put(np.ones(COUNT), -1.0, 0, 1)},
        "2 of 60 values in sample_weight of train are negative",
    ),
    "no weight": (lambda: {"sample_weight": np.zeros(COUNT)}, "no example counts"),
    "0 to 255": (
        lambda: {"x": RANDOM.random((COUNT, 4)) * 255},
        "from .* to 25.*dataset.divisor=255.* dataset.divisor=1$",
    ),
    "thousands": (lambda: {"x": RANDOM.normal(size=(COUNT, 4)) * 3000}, r"x.mean\(axis=0\)"),
    "tiny": (lambda: {"x": RANDOM.normal(size=(COUNT, 4)) * 1e-6}, "a smaller dataset.divisor"),
}


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_what_is_suspicious_is_told(name: str) -> None:
    changes, words = SUSPICIOUS[name]
    found = examine(sound(**changes()))
    assert len(found) == 1
    with pytest.warns(UserWarning, match=words):
        warnings.warn(found[0], stacklevel=1)


def test_bytes_that_are_not_divided_by_255_for_nothing() -> None:
    x = RANDOM.integers(0, 2, (COUNT, 20)).astype(np.uint8)
    test = Examples(RANDOM.integers(0, 2, (9, 20)).astype(np.uint8), np.arange(9) % 3)
    (warning,) = examine(Splits(Examples(x, np.arange(COUNT) % 3), test))
    assert "dataset.divisor=1" in warning


def test_a_divisor_that_was_chosen_is_not_doubted() -> None:
    assert examine(sound(x=RANDOM.random((COUNT, 4)) * 255), divisor=1.0) == []


def test_words_by_their_indices_have_no_scale() -> None:
    x, others = (RANDOM.integers(0, 20_000, (count, 30)) for count in (COUNT, 9))
    assert (
        examine(Splits(Examples(x, np.arange(COUNT) % 2), Examples(others, np.arange(9) % 2))) == []
    )


def with_labels(train: Array, test: Array) -> list[str]:
    parts = (Examples(RANDOM.normal(size=(len(y), 4)), y) for y in (train, test))
    return examine(Splits(*parts))  # type: ignore[arg-type]


@pytest.mark.parametrize("encode", [lambda y: y, lambda y: one_hot(y, 4)], ids=["index", "one-hot"])
@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ([0, 1, 2, 2], [3, 3, 2, 1], "the test examples hold the labels 3, which no training"),
        ([0, 1, 2, 3], [3, 3, 3, 3], "all test labels are 3, and training has 4 classes"),
        ([0, 0, 0, 0], [0, 0, 0, 0], "all training labels are 0"),
    ],
)
def test_sorted_labels(
    encode: Callable[[Array], Array], train: list[int], test: list[int], words: str
) -> None:
    assert words in " ".join(with_labels(encode(np.array(train)), encode(np.array(test))))


def test_one_hot_labels_that_leave_classes_out() -> None:
    y = one_hot(np.array([0, 3] * 10), 4)
    assert "no example has 1, 2" in " ".join(with_labels(y, y))


def test_several_numbers_an_example_are_no_classes() -> None:
    y = RANDOM.random((20, 3))
    assert with_labels(y, y[:5]) == []


def test_test_examples_that_were_trained_on() -> None:
    x = RANDOM.normal(size=(COUNT, 4))
    train, test = Examples(x, np.arange(COUNT) % 3), Examples(x[:12], np.arange(12) % 3)
    (warning,) = examine(Splits(train, test))
    assert "12 of 12 test examples have the same x as a training example" in warning


def test_few_discrete_features_repeat_by_themselves() -> None:
    x, others = (RANDOM.integers(0, 2, (count, 3)) for count in (COUNT, 9))
    assert count_repeated(x, [others]) == [0]


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64", ">f4", "int16"])
@pytest.mark.parametrize("width", [13, 16, 41])
def test_repeated_rows_are_counted_exactly(dtype: str, width: int) -> None:
    x = RANDOM.integers(0, 100, (5000, width)).astype(dtype)
    others = np.concatenate([x[4090:4100], x[:500].astype(float) @ np.eye(width)[::-1]])
    known = {row.tobytes() for row in x.astype(float)}
    expected = sum(row.tobytes() in known for row in others)
    assert count_repeated(np.asfortranarray(x), [others]) == [expected]


class Own(ArrayDataset):
    def load(self) -> Splits:
        return sound(y=np.array([0, 1, 2, 4])[np.arange(COUNT) % 4])


def test_a_dataset_warns_when_it_is_loaded() -> None:
    with pytest.warns(UserWarning, match="no example has 3"):
        Own().split()


def test_a_dataset_that_does_not_return_splits() -> None:
    class Wrong(ArrayDataset):
        def load(self) -> Any:
            return np.zeros(3), np.zeros(3)

    with pytest.raises(DataError, match=r"(?s)Wrong.load.*tuple.*Splits\(train="):
        Wrong().split()


@pytest.mark.parametrize("dataset", [Digits(), FashionMnist()])
def test_the_datasets_that_come_along_are_sound_and_quickly_examined(dataset: ArrayDataset) -> None:
    splits = dataset.split()
    examine(splits, dataset.divisor)
    start = time.process_time()
    assert examine(splits, dataset.divisor) == []
    assert time.process_time() - start < 0.2
