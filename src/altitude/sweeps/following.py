"""Fills in the objective of a sweep from the objective of its jobs."""

import dataclasses
from collections.abc import Sequence

from altitude.directions import DIRECTIONS, Direction, listed
from altitude.errors import Problem
from altitude.experiment.monitoring import default_monitor
from altitude.loops import Loop
from altitude.objective import Objective
from altitude.sweeps.settings import Sweep


def follow_metrics(
    sweep: Sweep, objective: Objective, loop: Loop | None = None
) -> tuple[Sweep, list[Problem]]:
    """Fills in the objective of a sweep and the directions of its metrics.

    Args:
        sweep: The settings, as configured.
        objective: The loss and metrics of its jobs.
        loop: The loop, whose step may report metrics of its own.

    Returns:
        The sweep with an objective and, unless there are problems, directions; and a problem for
        each direction that is not known, and for each that is not its metric's own.
    """
    metrics = sweep.metrics or (_result(default_monitor(objective, loop)),)
    sweep = dataclasses.replace(sweep, objective=metrics)
    given = sweep.directions or (None,) * len(metrics)
    modes = [objective.mode_of(metric) for metric in metrics]
    own = [None if mode is None else DIRECTIONS[mode] for mode in modes]
    if len(given) != len(metrics):
        expected = "one direction for each objective, or null"
        return sweep, [
            Problem(
                "sweep.direction",
                listed([direction or "null" for direction in given]),
                expected,
                _written(own),
            )
        ]
    directions = [chosen or known for chosen, known in zip(given, own, strict=True)]
    best = [known or chosen for chosen, known in zip(given, own, strict=True)]
    problems = [
        Problem("sweep.direction", str(directions[i] or "null"), expected, _written(best))
        for i, metric in enumerate(metrics)
        if (expected := _expected(metric, directions[i], own[i]))
    ]
    if problems:
        return sweep, problems
    known = tuple(direction for direction in directions if direction is not None)
    return dataclasses.replace(sweep, direction=known), []


def _result(monitor: str) -> str:
    """What a run reports in the end of the metric that decides which of its epochs is best."""
    return f"best_{monitor}" if monitor.startswith("val_") else monitor


def _expected(metric: str, direction: Direction | None, own: Direction | None) -> str:
    if direction is None:
        return f"maximize or minimize: it is not known whether more or less of {metric} is better"
    return "" if own in (None, direction) else f"{own}: the direction of {metric}, or null"


def _written(directions: Sequence[Direction | None]) -> str:
    return f"sweep.direction={listed([direction or 'maximize' for direction in directions])}"
