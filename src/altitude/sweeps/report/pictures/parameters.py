"""The metric against each swept parameter: a panel for each."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.scale import FEW, scale_of
from altitude.sweeps.report.pictures.style import (
    BEST,
    PLAIN,
    add_title,
    label_ticks,
    legend_entries,
    scored,
    soften,
    visible_range,
    words,
    wrapped,
)

IN_A_ROW = 4
BINS = 8

JOB = "job"
PRUNED = "pruned job"
BEYOND = "worse than this range"

Places = NDArray[np.float64]
Place = tuple[float, float]


def by_parameter(records: Sequence[JobRecord], names: Sequence[str], goal: Goal) -> Figure:
    """Draws points for the jobs, and a line through the means of those with the same value.

    Where nearly every job has a value of its own, the means are those of neighbours.

    Args:
        records: The jobs of a sweep; those without a finite result are only counted.
        names: The swept parameters, one panel each.
        goal: The metric and its direction.

    Returns:
        The figure, not saved.
    """
    columns = min(len(names), IN_A_ROW)
    rows = math.ceil(len(names) / columns)
    size = (max(3.6 * columns, 6.5), 3.2 * rows + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for axis, name in zip(panels, names, strict=False):
        _draw(axis, name, scored(records, goal), goal)
    for axis in panels[len(names) :]:
        axis.set_visible(False)
    for axis in panels[::columns]:
        axis.set_ylabel(words(goal.metric))
    add_title(figure, records, goal, words(goal.metric))
    entries = legend_entries(*panels)
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _draw(axis: Axes, name: str, jobs: Sequence[JobRecord], goal: Goal) -> None:
    """Draws a panel; what is far worse than the rest is pulled to its edge."""
    swept = [job.swept.get(name) for job in jobs]
    values = [goal.value(job.metrics) for job in jobs]
    scale, (low, high) = scale_of(swept), visible_range(values, goal)
    xs, ys = np.array([scale.place(value) for value in swept]), np.clip(values, low, high)
    soften(axis)
    kinds = np.where(ys != values, BEYOND, np.where([job.pruned for job in jobs], PRUNED, JOB))
    _draw_points(axis, xs, ys, kinds, "v" if goal.direction == "maximize" else "^")
    _draw_means(axis, xs, ys, np.array([scale.is_beside(value) for value in swept]), scale.count)
    best = min(range(len(jobs)), key=lambda index: goal.rank(jobs[index].metrics))
    axis.scatter(xs[best], ys[best], 130, marker="*", color=BEST, zorder=4, label="best job")
    axis.set(xlim=scale.limits, ylim=(low, high))
    axis.set_xlabel(wrapped(f"{name} (logarithmic)" if scale.is_log else name, 32))
    label_ticks(axis, scale.ticks)


def _draw_points(axis: Axes, xs: Places, ys: Places, kinds: NDArray[Any], beyond: str) -> None:
    style: dict[str, Any] = {"edgecolor": PLAIN, "alpha": 0.6, "clip_on": False}
    looks = {JOB: ("o", PLAIN), PRUNED: ("o", "none"), BEYOND: (beyond, PLAIN)}
    for kind, (marker, face) in looks.items():
        chosen = kinds == kind
        if chosen.any():
            axis.scatter(
                xs[chosen], ys[chosen], 26, marker=marker, facecolor=face, label=kind, **style
            )


def _draw_means(axis: Axes, xs: Places, ys: Places, beside: NDArray[Any], count: int) -> None:
    """Draws the means of the points as they are seen, for so many different values."""
    numbers = list(zip(xs[~beside], ys[~beside], strict=True))
    means = _means(numbers if count <= max(FEW, len(xs) // 3) else _binned(numbers))
    style: dict[str, Any] = {"color": "black", "label": "mean of the points"}
    if len(means) > 1:
        axis.plot(*zip(*means, strict=True), linewidth=1.4, **style)
    others = list(zip(xs[beside], ys[beside], strict=True))
    for x, y in _means(others) if count < len(xs) else ():
        axis.plot(x, y, "_", markersize=15, markeredgewidth=1.8, **style)


def _means(points: Sequence[Place]) -> list[Place]:
    groups: dict[float, list[float]] = {}
    for x, y in sorted(points):
        groups.setdefault(x, []).append(y)
    return [(x, fmean(ys)) for x, ys in groups.items()]


def _binned(points: Sequence[Place]) -> list[Place]:
    """Moves each point to the middle of its neighbours: as many of them in each of a few bins."""
    bins = [chunk for chunk in np.array_split(np.array(sorted(points)), BINS) if len(chunk)]
    return [(float(chunk[:, 0].mean()), float(y)) for chunk in bins for y in chunk[:, 1]]
