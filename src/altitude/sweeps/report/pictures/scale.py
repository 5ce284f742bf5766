"""The axis of a swept parameter: linear, logarithmic, or categorical."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from altitude.sweeps.job_record import shown

FEW = 8
"""So many values are all written on the axis."""

DECADE = 9.99
CROWDED = 0.05
LABEL_LENGTH = 16


@dataclass(frozen=True)
class Scale:
    """An axis for the values of one parameter.

    Numbers are placed by their size. Values that are not among them (text, truth values, null, and
    zero on a logarithmic axis) are placed beside them.

    Attributes:
        numbers: The different numbers, in order.
        is_log: Whether the axis is logarithmic.
        beside: The position of every other value, by its text.
    """

    numbers: tuple[float, ...]
    is_log: bool
    beside: Mapping[str, float]

    def place(self, value: Any) -> float:
        """Returns the position of a value on the axis.

        Args:
            value: One of the values that the scale was made for.
        """
        return self.beside[shown(value)] if self.is_beside(value) else self._position(value)

    def is_beside(self, value: Any) -> bool:
        """Returns whether a value lies beside the numbers, such as text or null.

        Args:
            value: One of the values that the scale was made for.
        """
        return shown(value) in self.beside

    @property
    def count(self) -> int:
        """The number of different values."""
        return len(self.numbers) + len(self.beside)

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the axis, with a margin."""
        positions = [*self.beside.values(), *map(self._position, self.numbers)] or [0.0]
        margin = 0.08 * (max(positions) - min(positions)) or 0.5
        return min(positions) - margin, max(positions) + margin

    @property
    def ticks(self) -> dict[float, str]:
        """The label of each position; not of every one, if there are many."""
        low, high = self.limits
        ticks: dict[float, str] = {}
        for number, label in self._marks():
            position = self._position(number)
            if not ticks or position - max(ticks) > CROWDED * (high - low):
                ticks[position] = label
        step = math.ceil(len(self.beside) / (2 * FEW))
        beside = list(self.beside.items())[:: max(step, 1)]
        return {position: shortened(label) for label, position in beside} | ticks

    def _marks(self) -> Iterable[tuple[float, str]]:
        if len(self.numbers) <= FEW:
            return [(number, shown(number)) for number in self.numbers]
        low, high = self.numbers[0], self.numbers[-1]
        round_ones = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)
        marks = _decades(low, high) if self.is_log else round_ones
        return [(float(mark), f"{mark:.4g}") for mark in marks if low <= mark <= high]

    def _position(self, number: float) -> float:
        return math.log10(number) if self.is_log else float(number)


def scale_of(values: Iterable[Any]) -> Scale:
    """Returns the scale for the values of one parameter.

    Args:
        values: Numbers, text, truth values, null, or some of each; equal ones count once.

    Returns:
        A logarithmic scale if the numbers are positive and span a wide range, else a linear one.
    """
    distinct = list({shown(value): value for value in values}.values())
    numbers = sorted({value for value in distinct if _is_number(value)})
    positive = [number for number in numbers if number > 0]
    is_log = _is_wide(positive) and numbers[: -len(positive)] in ([], [0])
    on_axis = positive if is_log else numbers
    others = [value for value in distinct if not _is_number(value) or value not in on_axis]
    places = [math.log10(number) if is_log else float(number) for number in on_axis]
    return Scale(tuple(on_axis), is_log, dict(_side_by_side(others, places)))


def _side_by_side(values: Sequence[Any], places: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Labels and positions to the left of the numbers' places."""
    span = places[-1] - places[0] if places else 0.0
    gap = max(span / len(places), 0.15 * span) if span else 1.0
    start = (places[0] if places else float(len(values))) - gap * len(values)
    for index, value in enumerate(values):
        yield shown(value), start + gap * index


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_wide(positive: Sequence[float]) -> bool:
    """Whether numbers grow by the same factor, or span a decade, on which they lie more evenly."""
    if len(positive) < 2:
        return False
    factors = np.array(positive[1:]) / np.array(positive[:-1])
    geometric = len(positive) > 2 and bool(np.allclose(factors, factors[0], rtol=0.05))
    decade = positive[-1] / positive[0] >= DECADE
    return geometric or (decade and _skew(np.log(positive)) <= _skew(np.array(positive)) + 1e-9)


def _skew(places: "np.ndarray[Any, np.dtype[np.floating[Any]]]") -> float:
    """How far the median is from the middle, as a part of the span."""
    return float(abs((np.median(places) - places[0]) / (places[-1] - places[0]) - 0.5))


def _decades(low: float, high: float) -> Iterator[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    mantissas = (1, 2, 5) if math.log10(high / low) < 1.5 else (1, 3) if last - first < 4 else (1,)
    for exponent in range(first, last + 1):
        yield from (float(f"{mantissa}e{exponent}") for mantissa in mantissas)


def shortened(label: str) -> str:
    """Returns a label that fits on an axis: of a long one, both ends.

    Args:
        label: The text of a tick.
    """
    half = (LABEL_LENGTH - 1) // 2
    return label if len(label) <= LABEL_LENGTH else f"{label[:half]}…{label[-half:]}"
