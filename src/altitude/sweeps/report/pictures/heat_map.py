"""The metric over two parameters: a cell for each combination of values."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from altitude.sweeps.job_record import Goal, JobRecord, shown
from altitude.sweeps.report.pictures.colours import Colours
from altitude.sweeps.report.pictures.scale import FEW, scale_of, shortened
from altitude.sweeps.report.pictures.style import (
    BEST,
    add_title,
    label_ticks,
    scored,
    soften,
    words,
    wrapped,
)

LUMINANCE = (0.299, 0.587, 0.114)
MOST = 16
"""With more values of a parameter than that, jobs are points, not cells."""


def heat_map(records: Sequence[JobRecord], across: str, up: str, goal: Goal) -> Figure:
    """Draws the metric over two parameters, repeats averaged, with the values in the cells.

    Where parameters have too many values for cells, every job is a coloured point.

    Args:
        records: The jobs of a sweep.
        across: The parameter on the x axis.
        up: The parameter on the y axis.
        goal: The metric and its direction.

    Returns:
        The figure, not saved.
    """
    jobs = scored(records, goal)
    scales = [scale_of(job.swept.get(name) for job in jobs) for name in (across, up)]
    figure = Figure(figsize=(7.5, 5.4), layout="constrained")
    axis = figure.subplots()
    draw = _draw_cells if max(scale.count for scale in scales) <= MOST else _draw_points
    shades = draw(axis, jobs, (across, up), goal)
    axis.set(xlabel=wrapped(across, 60), ylabel=wrapped(up, 40))
    shades.add_bar(figure, axis, words(goal.metric))
    add_title(figure, records, goal, words(goal.metric))
    return figure


def _draw_cells(
    axis: Axes, jobs: Sequence[JobRecord], names: tuple[str, str], goal: Goal
) -> Colours:
    columns, rows = (_in_order(name, jobs) for name in names)
    cells: dict[tuple[int, int], list[float]] = {}
    for job in jobs:
        place = tuple(shown(job.swept.get(name)) for name in names)
        cell = (rows.index(place[1]), columns.index(place[0]))
        cells.setdefault(cell, []).append(goal.value(job.metrics))
    means = {cell: fmean(values) for cell, values in cells.items()}
    shades = Colours(list(means.values()), goal)
    size = 9 if len(columns) <= FEW else 6.5
    for (row, column), mean in means.items():
        colour = shades.of(mean)
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=colour))
        ink = "white" if np.dot(colour[:3], LUMINANCE) < 0.5 else "black"
        axis.text(column, row, f"{mean:.4f}", color=ink, ha="center", va="center", fontsize=size)
    row, column = min(means, key=lambda cell: goal.order(means[cell]))
    axis.add_patch(
        Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=BEST, linewidth=3.5)
    )
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5))
    axis.set_yticks(range(len(rows)), [shortened(label) for label in rows])
    label_ticks(axis, {float(index): shortened(label) for index, label in enumerate(columns)})
    return shades


def _in_order(name: str, jobs: Sequence[JobRecord]) -> list[str]:
    values = [job.swept.get(name) for job in jobs]
    scale = scale_of(values)
    return list(dict.fromkeys(shown(value) for value in sorted(values, key=scale.place)))


def _draw_points(
    axis: Axes, jobs: Sequence[JobRecord], names: tuple[str, str], goal: Goal
) -> Colours:
    across, up = (scale_of(job.swept.get(name) for job in jobs) for name in names)
    values = [goal.value(job.metrics) for job in jobs]
    shades = Colours(values, goal)
    soften(axis)
    xs = [across.place(job.swept.get(names[0])) for job in jobs]
    ys = [up.place(job.swept.get(names[1])) for job in jobs]
    axis.scatter(xs, ys, 70, color=[shades.of(value) for value in values])
    best = min(range(len(jobs)), key=lambda index: goal.rank(jobs[index].metrics))
    axis.scatter(xs[best], ys[best], 180, facecolor="none", edgecolor=BEST, linewidth=2.5)
    axis.set(xlim=across.limits, ylim=up.limits)
    axis.set_yticks(list(up.ticks), list(up.ticks.values()))
    label_ticks(axis, across.ticks)
    return shades
