"""The metric against each swept parameter: a panel for each."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altitude.sweeps.outcome import Goal, Outcome
from altitude.sweeps.pictures.scale import FEW, Scale, scale_of
from altitude.sweeps.pictures.style import (
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

Point = tuple[float, float]


def by_parameter(outcomes: Sequence[Outcome], names: Sequence[str], goal: Goal) -> Figure:
    """Draws points for the jobs, and a line through the means of those with the same value.

    Where nearly every job has a value of its own, the means are those of neighbours.
    """
    columns = min(len(names), IN_A_ROW)
    rows = math.ceil(len(names) / columns)
    width = max(3.6 * columns, 6.5)
    figure = Figure(figsize=(width, 3.2 * rows + 0.9), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for axis, name in zip(panels, names, strict=False):
        _draw(axis, name, scored(outcomes, goal), goal)
    for axis in panels[len(names) :]:
        axis.set_visible(False)
    for axis in panels[::columns]:
        axis.set_ylabel(words(goal.metric))
    figure.suptitle(title_of(outcomes, goal, words(goal.metric), int(width * 12)), fontsize=10)
    handles = {
        label: h for p in panels for h, label in zip(*p.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _draw(axis: Axes, name: str, outcomes: Sequence[Outcome], goal: Goal) -> None:
    scale = scale_of(outcome.swept.get(name) for outcome in outcomes)
    low, high = visible_range([goal.value(outcome.metrics) for outcome in outcomes], goal)
    soften(axis)
    for label, marker, face, chosen in _kinds(outcomes, goal, low, high):
        xs = [scale.place(outcome.swept.get(name)) for outcome in chosen]
        ys = [min(max(goal.value(outcome.metrics), low), high) for outcome in chosen]
        axis.scatter(
            xs,
            ys,
            26,
            marker=marker,
            facecolor=face,
            edgecolor=PLAIN,
            alpha=0.6,
            label=label,
            clip_on=False,
        )
    inside = [o for o in outcomes if low <= goal.value(o.metrics) <= high]
    _draw_means(axis, scale, name, inside, goal)
    best = goal.best(outcomes)
    if best is not None:
        x, y = scale.place(best.swept.get(name)), goal.value(best.metrics)
        axis.scatter(x, y, 130, marker="*", color=BEST, zorder=4, label="best job")
    axis.set(xlim=scale.limits, ylim=(low, high))
    axis.set_xlabel(wrapped(f"{name} (logarithmic)" if scale.is_log else name, 32))
    label_ticks(axis, scale.ticks)


def _kinds(
    outcomes: Sequence[Outcome], goal: Goal, low: float, high: float
) -> Iterator[tuple[str, str, str, list[Outcome]]]:
    """Label, marker and colour of each kind of job that there is, and its jobs."""
    inside = [o for o in outcomes if low <= goal.value(o.metrics) <= high]
    kinds = [
        ("job", "o", PLAIN, [o for o in inside if not o.pruned]),
        ("pruned job", "o", "none", [o for o in inside if o.pruned]),
        ("beyond this range", "v", PLAIN, [o for o in outcomes if goal.value(o.metrics) < low]),
        ("beyond this range", "^", PLAIN, [o for o in outcomes if goal.value(o.metrics) > high]),
    ]
    return (kind for kind in kinds if kind[-1])


def _draw_means(
    axis: Axes, scale: Scale, name: str, outcomes: Sequence[Outcome], goal: Goal
) -> None:
    numbers: list[Point] = []
    others: list[Point] = []
    for outcome in outcomes:
        value = outcome.swept.get(name)
        points = others if scale.is_beside(value) else numbers
        points.append((scale.place(value), goal.value(outcome.metrics)))
    repeated = scale.count <= max(FEW, len(outcomes) // 3)
    means = _means(numbers if repeated else _binned(numbers))
    style: dict[str, Any] = {"color": "black", "label": "mean (in this range)"}
    if len(means) > 1:
        axis.plot(*zip(*means, strict=True), linewidth=1.4, **style)
    for x, y in _means(others) if scale.count < len(outcomes) else ():
        axis.plot(x, y, "_", markersize=15, markeredgewidth=1.8, **style)


def _means(points: Sequence[Point]) -> list[Point]:
    groups: dict[float, list[float]] = {}
    for x, y in sorted(points):
        groups.setdefault(x, []).append(y)
    return [(x, fmean(ys)) for x, ys in groups.items()]


def _binned(points: Sequence[Point]) -> list[Point]:
    """Moves each point to the middle of its neighbours: as many of them in each of a few bins."""
    bins = [chunk for chunk in np.array_split(np.array(sorted(points)), BINS) if len(chunk)]
    return [(float(chunk[:, 0].mean()), float(y)) for chunk in bins for y in chunk[:, 1]]
