"""Parallel coordinates: an axis for each parameter, a line for each job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.colours import Colours
from altitude.sweeps.report.pictures.scale import FEW, Scale, scale_of
from altitude.sweeps.report.pictures.style import (
    add_title,
    draw_best,
    scored,
    visible_range,
    words,
    wrapped,
)

FAN = 0.05
"""How far lines through the same value are spread, the better the higher; the axis has length 1."""


@dataclass(frozen=True)
class Coordinate:
    """One of the axes.

    Attributes:
        name: The label below it.
        heights: The height at which the line of each job crosses it, from 0 to 1.
        ticks: The labels beside it, by height.
    """

    name: str
    heights: Sequence[float]
    ticks: Mapping[float, str]


def parallel_coordinates(records: Sequence[JobRecord], names: Sequence[str], goal: Goal) -> Figure:
    """Draws a line for each job across an axis for each parameter and one for the metric.

    Lines are coloured by the metric, the better the darker; the best one stands out.

    Args:
        records: The jobs of a sweep; those without a finite result are only counted.
        names: The swept parameters, in the order of their axes.
        goal: The metric and its direction.

    Returns:
        The figure, not saved.
    """
    jobs = scored(records, goal)
    ranked = sorted(jobs, key=lambda job: goal.rank(job.metrics))
    values = [goal.value(job.metrics) for job in ranked]
    scales = {name: scale_of(job.swept.get(name) for job in jobs) for name in names}
    coordinates = [_of_parameter(name, scale, ranked) for name, scale in scales.items()]
    coordinates.append(_of_metric(values, goal))
    figure = Figure(figsize=(max(1.9 * len(coordinates) + 1.5, 7.0), 4.8), layout="constrained")
    axis = figure.subplots()
    shades = Colours(values, goal)
    lines = np.transpose([coordinate.heights for coordinate in coordinates])
    for line, value in reversed(list(zip(lines, values, strict=True))):
        axis.plot(line, color=shades.of(value), alpha=0.8, linewidth=1.2, clip_on=False)
    draw_best(axis, range(len(coordinates)), lines[0], marker="o")
    _draw_axes(axis, coordinates)
    shades.add_bar(figure, axis, words(goal.metric))
    add_title(figure, records, goal, f"{words(goal.metric)} by parameters")
    return figure


def _of_parameter(name: str, scale: Scale, jobs: Sequence[JobRecord]) -> Coordinate:
    low, high = scale.limits
    heights = [(scale.place(job.swept.get(name)) - low) / (high - low) for job in jobs]
    if len(jobs) > 1 and scale.count <= max(FEW, len(jobs) // 3):
        heights = [h + FAN * (0.5 - rank / (len(jobs) - 1)) for rank, h in enumerate(heights)]
    ticks = {(place - low) / (high - low): label for place, label in scale.ticks.items()}
    return Coordinate(name, heights, ticks)


def _of_metric(values: Sequence[float], goal: Goal) -> Coordinate:
    """The metric, the better the higher."""
    low, high = visible_range(values, goal)
    marks = [mark for mark in MaxNLocator(6).tick_values(low, high) if low <= mark <= high]
    digits = max(len(f"{mark:.6g}".partition(".")[2]) for mark in marks)
    heights = (np.clip([*values, *marks], low, high) - low) / (high - low)
    heights = heights if goal.direction == "maximize" else 1 - heights
    ticks = zip(heights[len(values) :], marks, strict=True)
    return Coordinate(
        words(goal.metric),
        list(heights[: len(values)]),
        {height: f"{mark:.{digits}f}" for height, mark in ticks},
    )


def _draw_axes(axis: Axes, coordinates: Sequence[Coordinate]) -> None:
    last = len(coordinates) - 1
    for column, coordinate in enumerate(coordinates):
        _write(axis, column, coordinate.ticks, side=1 if column == last else -1)
    axis.set_xticks(range(last + 1), [wrapped(coordinate.name) for coordinate in coordinates])
    axis.set(xlim=(-0.35, last + 0.35), ylim=(-0.02, 1.02), yticks=[])
    axis.tick_params(axis="x", length=0, pad=8)
    axis.spines[:].set_visible(False)


def _write(axis: Axes, column: int, labels: Mapping[float, str], side: int) -> None:
    """Draws an axis with its labels: on side 1 to the right, on side -1 to the left."""
    axis.axvline(column, color="black", linewidth=0.9, zorder=2)
    align = "left" if side > 0 else "right"
    for height, label in labels.items():
        axis.plot([column, column + side * 0.02], [height] * 2, color="black", linewidth=0.9)
        text = axis.text(column + side * 0.035, height, label, ha=align, va="center", fontsize=8.5)
        text.set(zorder=5, path_effects=[withStroke(linewidth=3, foreground="white")])
