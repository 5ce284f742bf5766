"""The metric by epoch of all jobs, over each other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.colours import Colours
from altitude.sweeps.report.pictures.style import (
    BEST,
    FAINT,
    add_title,
    draw_best,
    legend_entries,
    scored,
    soften,
    visible_range,
    words,
)

PREFIX = "best_"
EARLY = 1.5
"""The `fence` of `visible_range` for curves, whose first epochs are far worse than the end."""

Corner = Literal["lower right", "upper right"]


def curves(
    records: Sequence[JobRecord], histories: Mapping[str, Sequence[float]], goal: Goal
) -> Figure:
    """Draws the metric by epoch: coloured by the final score, grey without one, the best on top.

    Args:
        records: The jobs of a sweep.
        histories: The values of the metric by epoch, by run id.
        goal: The metric and its direction; the curve is that of the name without `best_`.

    Returns:
        The figure, not saved.
    """
    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    axis = figure.subplots()
    soften(axis)
    jobs = [(o, histories[o.run_id]) for o in records if o.run_id and o.run_id in histories]
    finished = scored([job for job, _ in jobs], goal)
    for job, values in jobs:
        if job not in finished:
            _draw(axis, values, color=FAINT, linestyle=":", linewidth=1.0, label="without a result")
    if finished:
        shades = Colours([goal.value(job.metrics) for job in finished], goal)
        for job, values in jobs:
            if job in finished:
                _draw(axis, values, color=shades.of(goal.value(job.metrics)), alpha=0.8)
        shades.add_bar(figure, axis, f"final {words(goal.metric)}")
    best = goal.best(finished)
    if best is not None and best.run_id is not None:
        _emphasise(axis, histories[best.run_id], goal)
    name = words(goal.metric.removeprefix(PREFIX))
    axis.set(xlabel="epoch", ylabel=name, ylim=_limits([values for _, values in jobs], goal))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    _explain(axis, goal)
    add_title(figure, records, goal, f"{name} by epoch")
    return figure


def _draw(axis: Axes, values: Sequence[float], **style: Any) -> None:
    marker = "o" if len(values) == 1 else None
    axis.plot(range(1, len(values) + 1), values, marker=marker, **{"linewidth": 1.2} | style)


def _emphasise(axis: Axes, values: Sequence[float], goal: Goal) -> None:
    draw_best(axis, range(1, len(values) + 1), values, marker="o" if len(values) == 1 else None)
    if values:
        peak = min(range(len(values)), key=lambda epoch: goal.order(values[epoch]))
        axis.plot(peak + 1, values[peak], "*", markersize=13, color=BEST, zorder=5)


def _limits(histories: Sequence[Sequence[float]], goal: Goal) -> tuple[float, float] | None:
    finite = [value for values in histories for value in values if math.isfinite(value)]
    return visible_range(finite, goal, EARLY) if finite else None


def _explain(axis: Axes, goal: Goal) -> None:
    """The legend, where curves seldom are."""
    entries = legend_entries(axis)
    if entries:
        corner: Corner = "lower right" if goal.direction == "maximize" else "upper right"
        axis.legend(list(entries.values()), list(entries), loc=corner)
