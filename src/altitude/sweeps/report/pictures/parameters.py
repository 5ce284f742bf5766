"""The metric against each swept parameter: a panel for each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.scale import FEW, Scale, scale_of
from altitude.sweeps.report.pictures.style import (
    BEST,
    PLAIN,
    label_ticks,
    scored,
    soften,
    title_of,
    visible_range,
    words,
    wrapped,
)

IN_A_ROW = 4
BINS = 8

JOB = "job"
PRUNED = "pruned job"
BEYOND = "worse than this range"

Place = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Point:
    """How a job is drawn: where, as what, and whether its value lies beside the numbers."""

    x: float
    y: float
    kind: str
    is_beside: bool


def by_parameter(records: Sequence[JobRecord], names: Sequence[str], goal: Goal) -> Figure:
    """Draws points for the jobs, and a line through the means of those with the same value.

    Where nearly every job has a value of its own, the means are those of neighbours.
    """
    columns = min(len(names), IN_A_ROW)
    rows = math.ceil(len(names) / columns)
    width = max(3.6 * columns, 6.5)
    figure = Figure(figsize=(width, 3.2 * rows + 0.9), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for axis, name in zip(panels, names, strict=False):
        _draw(axis, name, scored(records, goal), goal)
    for axis in panels[len(names) :]:
        axis.set_visible(False)
    for axis in panels[::columns]:
        axis.set_ylabel(words(goal.metric))
    figure.suptitle(title_of(records, goal, words(goal.metric), int(width * 12)), fontsize=10)
    handles = {
        label: h for p in panels for h, label in zip(*p.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _draw(axis: Axes, name: str, records: Sequence[JobRecord], goal: Goal) -> None:
    scale = scale_of(record.swept.get(name) for record in records)
    points = _points(name, scale, records, goal)
    soften(axis)
    beyond = "v" if goal.direction == "maximize" else "^"
    kinds = {JOB: ("o", PLAIN), PRUNED: ("o", "none"), BEYOND: (beyond, PLAIN)}
    style: dict[str, Any] = {"edgecolor": PLAIN, "alpha": 0.6, "clip_on": False}
    for kind, (marker, face) in kinds.items():
        places = [(point.x, point.y) for point in points if point.kind == kind]
        if places:
            xs, ys = zip(*places, strict=True)
            axis.scatter(xs, ys, 26, marker=marker, facecolor=face, label=kind, **style)
    _draw_means(axis, points, scale.count)
    best = min(range(len(points)), key=lambda index: goal.rank(records[index].metrics))
    star = points[best]
    axis.scatter(star.x, star.y, 130, marker="*", color=BEST, zorder=4, label="best job")
    values = [goal.value(record.metrics) for record in records]
    axis.set(xlim=scale.limits, ylim=visible_range(values, goal))
    axis.set_xlabel(wrapped(f"{name} (logarithmic)" if scale.is_log else name, 32))
    label_ticks(axis, scale.ticks)


def _points(name: str, scale: Scale, records: Sequence[JobRecord], goal: Goal) -> list[Point]:
    """A point for each job; what is far worse than the rest is pulled to the edge of the panel."""
    values = [goal.value(record.metrics) for record in records]
    low, high = visible_range(values, goal)
    points = []
    for record, value in zip(records, values, strict=True):
        swept = record.swept.get(name)
        kind = PRUNED if record.pruned else JOB
        points.append(
            Point(
                x=scale.place(swept),
                y=min(max(value, low), high),
                kind=kind if low <= value <= high else BEYOND,
                is_beside=scale.is_beside(swept),
            )
        )
    return points


def _draw_means(axis: Axes, points: Sequence[Point], count: int) -> None:
    """Draws the means of the points as they are seen, for so many different values."""
    numbers = [(point.x, point.y) for point in points if not point.is_beside]
    means = _means(numbers if count <= max(FEW, len(points) // 3) else _binned(numbers))
    style: dict[str, Any] = {"color": "black", "label": "mean of the points"}
    if len(means) > 1:
        axis.plot(*zip(*means, strict=True), linewidth=1.4, **style)
    others = [(point.x, point.y) for point in points if point.is_beside]
    for x, y in _means(others) if count < len(points) else ():
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
