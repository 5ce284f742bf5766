import itertools
import math
from typing import Any

import pytest

from altitude.sweeps.report.pictures.scale import LABEL_LENGTH, scale_of


@pytest.mark.parametrize(
    "values",
    [
        [3e-4, 1e-3, 3e-3],
        [0.5, 1.0, 5.0],
        [32, 64, 128],
        [1e-3, 1e-2],
        [0, 1e-5, 1e-4, 1e-3],
        [10 ** (-4 + n / 10) for n in range(30)],
    ],
)
def test_a_logarithmic_axis(values: list[float]) -> None:
    assert scale_of(values).is_log


@pytest.mark.parametrize(
    "values",
    [
        [2, 3, 5],
        [1, 4, 7, 10],
        [0.0, 0.1, 0.5],
        [-1, 10, 100],
        [7],
        [n / 60 for n in range(1, 30)],
        ["relu", "gelu"],
        [],
    ],
)
def test_no_logarithmic_axis(values: list[Any]) -> None:
    assert not scale_of(values).is_log


def test_numbers_lie_by_their_size() -> None:
    linear, logarithmic = scale_of([5, 2, 3]), scale_of([1e-3, 1e-2, 1e-1])
    assert [linear.place(value) for value in (2, 3, 5)] == [2.0, 3.0, 5.0]
    assert [logarithmic.place(value) for value in (1e-3, 1e-2)] == pytest.approx([-3, -2])


def test_text_lies_side_by_side_in_the_order_of_the_sweep() -> None:
    scale = scale_of(["relu", "gelu", "relu", True, None])
    assert list(scale.ticks.values()) == ["relu", "gelu", "true", "null"]
    places = [scale.place(value) for value in ("relu", "gelu", True, None)]
    assert [b - a for a, b in itertools.pairwise(places)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("odd", [None, "auto", math.nan, math.inf, [1, 2], False])
def test_what_is_no_number_lies_to_the_left(odd: Any) -> None:
    scale = scale_of([0.5, odd, 1.0, 5.0])
    assert scale.place(odd) < scale.place(0.5) < scale.place(1.0)
    assert (scale.is_beside(odd), scale.is_beside(0.5)) == (True, False)


def test_zero_lies_to_the_left_of_a_logarithmic_axis() -> None:
    scale = scale_of([0, 1e-5, 1e-3])
    assert scale.place(0) < scale.place(1e-5)
    assert list(scale.ticks.values()) == ["0", "1e-05", "0.001"]


def test_few_numbers_are_all_written() -> None:
    assert scale_of([3e-4, 1e-3, 3e-3]).ticks == pytest.approx(
        {math.log10(3e-4): "0.0003", -3.0: "0.001", math.log10(3e-3): "0.003"}
    )


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([n / 100 for n in range(51)], ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        ([10 ** (-4 + n / 10) for n in range(31)], ["0.0001", "0.0003", "0.001", "0.003"]),
    ],
)
def test_of_many_numbers_round_ones_are_written(values: list[float], labels: list[str]) -> None:
    assert list(scale_of(values).ticks.values())[: len(labels)] == labels


def test_labels_do_not_crowd() -> None:
    assert list(scale_of([1.0, 1.001, 2.0]).ticks.values()) == ["1.0", "2.0"]
    assert len(scale_of([f"value{n}" for n in range(100)]).ticks) <= 16
    assert len(scale_of(["a" * 99]).ticks.popitem()[1]) <= LABEL_LENGTH


@pytest.mark.parametrize("values", [[], [3], ["a"], [None, 3], [1e-4, 1e-2]])
def test_every_value_lies_between_the_ends(values: list[Any]) -> None:
    scale = scale_of(values)
    low, high = scale.limits
    assert low < high
    assert all(low < scale.place(value) < high for value in values)
