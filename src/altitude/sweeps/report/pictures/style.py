"""The common style of a sweep's pictures: colours, visible range, labels."""

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altitude.sweeps.job_record import Goal, JobRecord, named

RESOLUTION = 120
BEST = "#d55e00"  # vermilion, which everyone can tell from viridis
PLAIN = "#31688e"
FAINT = "#8a8a8a"
FENCE = 3.0
LETTERS = 12
"""How many characters of a title fit into an inch."""

ROOM = 32
NAME_WIDTH = 24


def scored(records: Sequence[JobRecord], goal: Goal) -> list[JobRecord]:
    """Returns the jobs that have finished with a finite score.

    Args:
        records: The jobs of a sweep, whatever their status.
        goal: The metric and its direction.
    """
    return [
        record
        for record in records
        if record.status == "FINISHED" and math.isfinite(goal.value(record.metrics))
    ]


def visible_range(values: Sequence[float], goal: Goal, fence: float = FENCE) -> tuple[float, float]:
    """Returns the range of a metric that is worth showing, with a margin.

    A few values that are far worse than the rest are out of it, never those that are better.

    Args:
        values: Finite values.
        goal: The metric and its direction, which says which side is worse.
        fence: The distance of a value beyond the worse quartile, in interquartile ranges.
    """
    low, high = float(np.min(values)), float(np.max(values))
    lower, upper = np.quantile(values, [0.25, 0.75])
    reach = fence * float(upper - lower)
    if goal.direction == "maximize" and reach:
        low = min(value for value in values if value >= lower - reach)
    elif reach:
        high = max(value for value in values if value <= upper + reach)
    margin = 0.06 * (high - low) or 0.01 * abs(high) or 0.01
    return low - margin, high + margin


def draw_best(axis: Axes, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
    """Draws the line of the best job above all others.

    Args:
        axis: The axis to draw on.
        xs: The horizontal positions.
        ys: The vertical positions, as many.
        **style: Further arguments of Matplotlib's `plot`.
    """
    axis.plot(xs, ys, color="white", linewidth=5.0, zorder=3)
    axis.plot(xs, ys, color=BEST, linewidth=2.8, zorder=4, label="best job", **style)


def legend_entries(*panels: Axes) -> dict[str, Artist]:
    """Returns what the legend of some panels explains, each label once.

    Args:
        *panels: The axes with the labelled artists.

    Returns:
        The artists, by label.
    """
    handles = [zip(*panel.get_legend_handles_labels(), strict=True) for panel in panels]
    return {label: handle for pairs in handles for handle, label in pairs}


def wrapped(name: str, width: int = NAME_WIDTH) -> str:
    """Returns a long name in several lines, broken after dots, underscores and spaces.

    Args:
        name: The name of a parameter.
        width: The largest number of characters in a line, where the parts allow it.
    """
    lines = [""]
    for part in re.split(r"(?<=[._ ])", name):
        lines = [*lines, part] if len(lines[-1] + part) > width else [*lines[:-1], lines[-1] + part]
    return "\n".join(line.strip() for line in lines if line)


def words(metric: str) -> str:
    """Returns a metric's name in words: `best val accuracy` for `best_val_accuracy`.

    Args:
        metric: The name of a result.
    """
    return metric.replace("_", " ")


def add_title(figure: Figure, records: Sequence[JobRecord], goal: Goal, subject: str) -> None:
    """Adds a title that says what a figure shows.

    Args:
        figure: The figure.
        records: The jobs of the sweep.
        goal: The metric and its direction.
        subject: What is drawn, such as `best val loss by parameters`.
    """
    width = int(figure.get_figwidth() * LETTERS)
    figure.suptitle(title_of(records, goal, subject, width), fontsize=10)


def title_of(records: Sequence[JobRecord], goal: Goal, subject: str, width: int) -> str:
    """Returns a title with the subject, the number of jobs, and the best of them.

    Args:
        records: The jobs of the sweep.
        goal: The metric and its direction.
        subject: What is drawn, such as `best val loss by parameters`.
        width: The largest number of characters in a line about the best job.
    """
    missing = len(records) - len(scored(records, goal))
    jobs = "1 job" if len(records) == 1 else f"{len(records)} jobs"
    title = f"{subject}: {jobs}" + (f", {missing} without a result" if missing else "")
    best = goal.best(scored(records, goal))
    if best is None:
        return title
    score = f"best: {goal.value(best.metrics):.4f} with {named(best.swept) or best.name}"
    return "\n".join([title, *textwrap.wrap(score, width, max_lines=3, placeholder=" …")])


def label_ticks(axis: Axes, ticks: Mapping[float, str]) -> None:
    """Labels the x axis with a parameter's values, slanted if they are long.

    Args:
        axis: The axis to label.
        ticks: The labels, by position.
    """
    slanted = sum(map(len, ticks.values())) > ROOM
    axis.set_xticks(list(ticks), list(ticks.values()))
    if slanted:
        axis.tick_params(axis="x", labelrotation=35, labelsize=8)
        for label in axis.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")


def soften(axis: Axes) -> None:
    """Draws a light grid behind the data, and removes the frame at the top and right.

    Args:
        axis: The axis to change.
    """
    axis.grid(alpha=0.25, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
