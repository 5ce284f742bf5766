"""Detects values that are invalid for every setting."""

import math
from collections.abc import Mapping
from typing import Any

from altitude.calls.walk import walk
from altitude.errors import Problem

LARGEST = 2**63 - 1
"""TensorFlow, NumPy and databases count in 64 bits."""


def impossible_values(settings: Mapping[str, Any]) -> list[Problem]:
    """Finds each NaN and each integer beyond 64 bits in plain settings.

    Args:
        settings: The resolved settings, by group.

    Returns:
        One problem for each value.
    """
    return [problem for key, value in walk("", settings) for problem in _problem(key, value)]


def _problem(key: str, value: Any) -> list[Problem]:
    if isinstance(value, float) and math.isnan(value):
        return [Problem(key, "nan", "a number, or null where nothing is meant")]
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        given = f"a number of {value.bit_length()} bits"
        return [Problem(key, given, f"a whole number of 64 bits, {LARGEST} at most")]
    return []
