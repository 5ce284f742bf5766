"""How far a mean may be off, since it is the mean of these examples and not of others."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from altitude.data.arrays import Array

RESAMPLES = 1000
COVERED = 0.95
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Interval:
    """A metric with the interval that it lies in.

    Attributes:
        metric: The name of the metric.
        low: The lower end.
        high: The upper end.
    """

    metric: str
    low: float
    high: float


def headline_interval(
    metrics: Mapping[str, float], by_example: Mapping[str, Array], monitor: str | None
) -> Interval | None:
    """Returns the interval of the metric that decides which model is best.

    Args:
        metrics: The metrics of the whole split.
        by_example: Values whose mean is a metric, (examples,).
        monitor: The name of that metric in an epoch's logs, such as `val_accuracy`.

    Returns:
        Its interval; that of another metric if it is no mean over examples; None if none is.
    """
    first = (monitor or "").removeprefix("val_")
    for name in sorted(metrics, key=lambda name: name != first):
        for values in by_example.values():
            if math.isclose(metrics[name], values.mean(), rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                return Interval(name, *bootstrap_interval(values))
    return None


def bootstrap_interval(values: Array, seed: int = 0) -> tuple[float, float]:
    """Returns the percentile bootstrap interval of a mean, which covers 95%.

    Args:
        values: One value for each example, (examples,).
        seed: The seed of the resampling.

    Returns:
        The lower and the upper end.

    Example:
        >>> low, high = bootstrap_interval(np.array([0.0, 1.0] * 50))
        >>> 0.35 < low < 0.5 < high < 0.65
        True
    """
    generator = np.random.default_rng(seed)
    means = [
        values[generator.integers(len(values), size=len(values))].mean() for _ in range(RESAMPLES)
    ]
    tail = (1 - COVERED) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)
