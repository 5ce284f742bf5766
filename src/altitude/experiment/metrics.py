"""Checks the metrics of a run, and the callbacks that monitor them.

Imports no TensorFlow.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from inspect import isfunction
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.data import ArrayDataset, Dataset
from altitude.directions import monitor_overrides
from altitude.errors import Problem
from altitude.experiment.monitoring import Callbacks, default_monitor, monitored
from altitude.loops import Loop
from altitude.models import Subclassed
from altitude.objective import Objective


def objective_has_one_source(objective: Objective, loop: Loop, model: Any = None) -> list[Problem]:
    """Checks that loss and metrics are either compiled or the step's own.

    Args:
        objective: The loss and metrics to compile the model with.
        loop: The loop, whose step may own the objective.
        model: The model builder; what a class or function of the user's own brings is not known.

    Returns:
        At most one problem.
    """
    if isinstance(model, Subclassed) or isfunction(model):
        return []  # the class of what a function returns may bring both
    if loop.owns_objective and objective.metric_names:
        given = ", ".join(objective.metric_names)
        expected = "nothing: this step computes a loss and metrics of its own"
        return [Problem("objective", given, expected, "objective=none")]
    if not loop.owns_objective and objective.loss is None:
        expected = "a loss: this step takes the one that the model is compiled with"
        return [Problem("objective.loss", "null", expected, "objective=sparse_categorical")]
    return []


def monitored_metrics_exist(
    callbacks: Callbacks,
    objective: Objective,
    loop: Loop | None = None,
    dataset: Dataset | None = None,
    model: Any = None,
) -> list[Problem]:
    """Checks that each callback monitors a metric that the run will have, in a known direction.

    Args:
        callbacks: The callbacks, by name.
        objective: The compiled loss and metrics.
        loop: The loop, or None if its metrics are not known.
        dataset: The dataset, which decides whether there are `val_` metrics; None if it is not
            known.
        model: The model builder, which may report metrics of its own; None if it is not known.

    Returns:
        The problems, with the nearest metric in place of each unknown one.
    """
    if isfunction(model) or not all(isinstance(call, LazyCall) for call in callbacks.values()):
        return _modes_are_known(callbacks)  # what a function returns may report whatever it likes
    validated = is_validated(dataset)
    if not isinstance(model, Subclassed) and loop and objective_has_one_source(objective, loop):
        return _modes_are_known(callbacks)  # reported first, since the metrics depend on it
    known = known_metrics(objective, loop, validated=validated)
    unknown = {
        name: (monitor, _nearest_monitor(name, callback, monitor, known, objective, loop))
        for name, callback, monitor in monitored(callbacks)
        if monitor not in known and not _may_be_reported(monitor, model, loop, validated=validated)
    }
    expected = f"a metric that this run has: {', '.join(known)}"
    if not validated:
        expected = f"a metric of training, {', '.join(known)}: there is no validation data"
    can_split = not validated and isinstance(dataset, ArrayDataset)
    split = "dataset.validation_size=null, or " if can_split else ""
    if not unknown:
        return _modes_are_known(callbacks)
    if len(unknown) == 1:
        return [
            Problem(f"callbacks.{name}.monitor", monitor, expected, split + instead)
            for name, (monitor, instead) in unknown.items()
        ]
    # One proposal for all of them: each by itself would leave the others wrong.
    given = ", ".join(f"{name} monitors {monitor}" for name, (monitor, _) in unknown.items())
    instead = " ".join(filter(None, (instead for _, instead in unknown.values())))
    return [Problem("callbacks", given, f"for each {expected}", split + instead)]


def modes_agree(callbacks: Callbacks, objective: Objective) -> list[Problem]:
    """Checks that the mode of each callback is the direction of its metric.

    Args:
        callbacks: The callbacks, by name.
        objective: The metrics, which know their directions.

    Returns:
        One problem for each mode that contradicts its metric.
    """
    problems = []
    for name, callback, monitor in monitored(callbacks):
        mode, own = callback.arguments.get("mode"), objective.mode_of(monitor)
        if mode in ("min", "max") and own not in (None, mode):
            better = "more" if own == "max" else "less"
            expected = f"{own}: {better} of {monitor} is better"
            key = f"callbacks.{name}.mode"
            problems.append(Problem(key, mode, expected, f"{key}={own}"))
    return problems


def _modes_are_known(callbacks: Callbacks) -> list[Problem]:
    """A callback without a mode monitors a metric whose direction is known."""
    return [
        Problem(
            f"callbacks.{name}.mode",
            "null",
            f"min or max: it is not known whether less or more of {monitor} is better",
            f"callbacks.{name}.mode=max",
        )
        for name, callback, monitor in monitored(callbacks)
        if "mode" in callback.arguments and callback.arguments["mode"] is None
    ]


def objective_mode_agrees(objective: Objective) -> list[Problem]:
    """Checks that `objective.mode` is the direction of `objective.monitor`, if that is known.

    Args:
        objective: The objective of a run.

    Returns:
        At most one problem.
    """
    own = objective.monitor and objective.own_mode_of(objective.monitor)
    if not own or objective.mode in (None, own):
        return []
    expected = f"{own}: the direction of {objective.monitor}, or null"
    return [Problem("objective.mode", str(objective.mode), expected, f"objective.mode={own}")]


def known_metrics(objective: Objective, loop: Loop | None, *, validated: bool) -> list[str]:
    """Returns the names of all metrics in the logs of an epoch.

    Args:
        objective: The compiled loss and metrics.
        loop: The loop, whose step may report metrics of its own; None if it is not known.
        validated: Whether there is validation data, and so metrics named `val_`.
    """
    of_loop = (*loop.reported_metrics, *loop.counted_metrics) if loop else ()
    trained = [*objective.metric_names, *of_loop]
    evaluated = [*objective.metric_names, *(loop.evaluated_metrics if loop else ())]
    return trained + [f"val_{name}" for name in evaluated if validated]


def _nearest_monitor(
    name: str,
    callback: LazyCall,
    monitor: str,
    known: Sequence[str],
    objective: Objective,
    loop: Loop | None,
) -> str:
    """Returns overrides that monitor the most similar metric; empty if there is none."""
    near = nearest_metric(monitor, known, default_monitor(objective, loop))
    with_mode = "mode" in callback.arguments
    return near and monitor_overrides(name, near, objective.mode_of(near), with_mode=with_mode)


def nearest_metric(monitor: str, known: Sequence[str], default: str) -> str:
    """Returns the most similar metric; empty if none is known.

    Args:
        monitor: The metric that is not known.
        known: The metrics that the run will have.
        default: The metric to suggest if none is similar and it is among `known`.
    """
    of_training = monitor.removeprefix("val_")
    if of_training != monitor and of_training in known:
        return of_training
    close = get_close_matches(monitor, known, n=1)
    return [*close, *(name for name in (default, *known) if name in known), ""][0]


def _may_be_reported(monitor: str, model: Any, loop: Loop | None, *, validated: bool) -> bool:
    """Whether a metric may come from a model's class, or from a loop that could not be read."""
    if isinstance(model, Subclassed):
        return validated or not monitor.startswith("val_")
    return loop is None and not monitor.startswith("val_")


def is_validated(dataset: Dataset | None) -> bool:
    """Returns whether there may be validation data.

    A dataset that says nothing about itself may bring a validation split of its own.

    Args:
        dataset: The dataset; None if it is not known.
    """
    if not isinstance(dataset, ArrayDataset):
        return True
    declared = dataset.declared
    if declared.has_validation or declared.num_examples is None:
        return True
    return dataset.fold is not None or dataset.validation_size != 0
