"""Values that no setting can take, wherever they stand in a config."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from altitude.errors import Problem

LARGEST = 2**63 - 1
"""TensorFlow, NumPy and databases count in 64 bits."""


def impossible_values(settings: Mapping[str, Any], prefix: str = "") -> list[Problem]:
    """Finds each NaN and each integer beyond 64 bits.

    Args:
        settings: Mappings, lists and plain values.
        prefix: The config key of the settings, with a dot at its end.
    """
    return [problem for key, value in _leaves(settings, prefix) for problem in _problem(key, value)]


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _leaves(item, f"{key}.{position}")
    else:
        yield key, value


def _problem(key: str, value: Any) -> list[Problem]:
    if isinstance(value, float) and math.isnan(value):
        return [Problem(key, "nan", "a number, or null where nothing is meant")]
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        given = f"a number of {value.bit_length()} bits"
        return [Problem(key, given, f"a whole number of 64 bits, {LARGEST} at most")]
    return []
