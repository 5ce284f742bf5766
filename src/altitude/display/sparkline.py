"""A curve in one line of text."""

import math
from collections.abc import Sequence

BLOCKS, ASCII = "▁▂▃▄▅▆▇█", "_.-=+*%#"
"""Levels from the lowest to the highest value."""

MISSING = " "
LONGEST = 40


def sparkline(values: Sequence[float], levels: str = BLOCKS) -> str:
    """Draws a curve.

    Args:
        values: The values in order; one that is not finite leaves a gap.
        levels: Characters for values from the lowest to the highest.

    Returns:
        A character for each value; of a longer curve, 40 at equal distances, the last included.

    Example:
        >>> sparkline([4.0, 2.0, 1.0, 0.5])
        '█▄▂▁'
    """
    sample = _sample(values)
    finite = [value for value in sample if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_level(value, low, high, levels) for value in sample)


def _sample(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= LONGEST:
        return values
    distance = (len(values) - 1) / (LONGEST - 1)
    return [values[round(position * distance)] for position in range(LONGEST)]


def _level(value: float, low: float, high: float, levels: str) -> str:
    if not math.isfinite(value):
        return MISSING
    share = (value - low) / (high - low) if high > low else 0.0
    return levels[round(share * (len(levels) - 1))]
