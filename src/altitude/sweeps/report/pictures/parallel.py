"""Parallel coordinates: an axis for each parameter, a line for each job."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.colours import Colours
from altitude.sweeps.report.pictures.scale import FEW, Scale, scale_of
from altitude.sweeps.report.pictures.style import (
    BEST,
    scored,
    title_of,
    visible_range,
    words,
    wrapped,
)

FAN = 0.05
"""How far lines through the same value are spread, the better the higher; the axis has length 1."""


def parallel_coordinates(records: Sequence[JobRecord], names: Sequence[str], goal: Goal) -> Figure:
    """Draws a line for each job across an axis for each parameter and one for the metric.

    Lines are coloured by the metric, the better the darker; the best one stands out.
    """
    jobs = sorted(scored(records, goal), key=lambda record: goal.rank(record.metrics))
    values = [goal.value(job.metrics) for job in jobs]
    scales = {name: scale_of(o.swept.get(name) for o in records if o in jobs) for name in names}
    heights = [
        *(_heights(name, scales[name], jobs) for name in names),
        _metric_heights(values, visible_range(values, goal), goal),
    ]
    width = max(1.9 * (len(names) + 1) + 1.5, 7.0)
    figure = Figure(figsize=(width, 4.8), layout="constrained")
    axis = figure.subplots()
    shades = Colours(values, goal)
    for line, value in reversed(list(zip(np.transpose(heights), values, strict=True))):
        axis.plot(line, color=shades.of(value), alpha=0.8, linewidth=1.2, clip_on=False)
    best = [column[0] for column in heights]
    axis.plot(best, color="white", linewidth=5.0, zorder=3)
    axis.plot(best, color=BEST, linewidth=2.8, marker="o", zorder=4, label="best job")
    _draw_axes(axis, scales, values, goal)
    shades.add_bar(figure, axis, words(goal.metric))
    title = title_of(records, goal, f"{words(goal.metric)} by parameters", int(width * 12))
    figure.suptitle(title, fontsize=10)
    return figure


def _heights(name: str, scale: Scale, jobs: Sequence[JobRecord]) -> list[float]:
    """Where each job's line crosses the axis of a parameter, from 0 to 1."""
    heights = [_height(scale, scale.place(job.swept.get(name))) for job in jobs]
    if len(jobs) < 2 or scale.count > max(FEW, len(jobs) // 3):
        return heights
    return [height + FAN * (0.5 - rank / (len(jobs) - 1)) for rank, height in enumerate(heights)]


def _height(scale: Scale, position: float) -> float:
    low, high = scale.limits
    return (position - low) / (high - low)


def _metric_heights(values: Sequence[float], span: tuple[float, float], goal: Goal) -> list[float]:
    """The same for the metric: the better the higher."""
    low, high = span
    heights = (np.clip(values, low, high) - low) / (high - low)
    return list(heights if goal.direction == "maximize" else 1 - heights)


def _draw_axes(
    axis: Axes, scales: Mapping[str, Scale], values: Sequence[float], goal: Goal
) -> None:
    for column, scale in enumerate(scales.values()):
        _write(axis, column, {_height(scale, p): label for p, label in scale.ticks.items()})
    span = visible_range(values, goal)
    marks = [mark for mark in MaxNLocator(6).tick_values(*span) if span[0] <= mark <= span[1]]
    digits = max(len(f"{mark:.6g}".partition(".")[2]) for mark in marks)
    heights = _metric_heights(marks, span, goal)
    numbers = {h: f"{mark:.{digits}f}" for h, mark in zip(heights, marks, strict=True)}
    _write(axis, len(scales), numbers, side=1)
    labels = [wrapped(name) for name in [*scales, words(goal.metric)]]
    axis.set_xticks(range(len(labels)), labels)
    axis.set(xlim=(-0.35, len(scales) + 0.35), ylim=(-0.02, 1.02), yticks=[])
    axis.tick_params(axis="x", length=0, pad=8)
    axis.spines[:].set_visible(False)


def _write(axis: Axes, column: int, labels: Mapping[float, str], side: int = -1) -> None:
    """Draws an axis with its labels: to the left, or on side 1 to the right."""
    axis.axvline(column, color="black", linewidth=0.9, zorder=2)
    align = "left" if side > 0 else "right"
    for height, label in labels.items():
        axis.plot([column, column + side * 0.02], [height] * 2, color="black", linewidth=0.9)
        text = axis.text(column + side * 0.035, height, label, ha=align, va="center", fontsize=8.5)
        text.set(zorder=5, path_effects=[withStroke(linewidth=3, foreground="white")])
