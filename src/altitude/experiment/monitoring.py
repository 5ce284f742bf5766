"""Default `monitor` and `mode` of callbacks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.loops import Loop
from altitude.objective import Objective

Callbacks = Mapping[str, Callable[[], Any]]


def default_monitor(objective: Objective, loop: Loop | None = None) -> str:
    """Returns the metric that decides which model is best.

    Args:
        objective: Its `monitor`, if it has one; else the first of its metrics with a known
            direction.
        loop: Reports metrics of its own, which come after the objective's.

    Returns:
        A name in the logs of an epoch, `val_loss` where there is nothing but losses.
    """
    if objective.monitor is not None:
        return objective.monitor
    own = () if loop is None else loop.evaluated_metrics
    for name in (*objective.metrics, *objective.weighted_metrics, *own):
        if not name.endswith("loss") and objective.mode_of(name) is not None:
            return f"val_{name}"
    return "val_loss"


def monitored(callbacks: Callbacks) -> Iterator[tuple[str, LazyCall, str]]:
    """Yields the name, the call and the monitored metric of each callback that monitors one.

    Args:
        callbacks: The callbacks, by name.

    Yields:
        The name of the callback, its call, and the metric.
    """
    for name, callback in callbacks.items():
        monitor = callback.arguments.get("monitor") if isinstance(callback, LazyCall) else None
        if isinstance(callback, LazyCall) and isinstance(monitor, str):
            yield name, callback, monitor


def resolve_monitor(
    arguments: Mapping[str, Any], default: str, objective: Objective
) -> Mapping[str, Any]:
    """Replaces a `monitor` of None, and a `mode` of None if the direction is known.

    Args:
        arguments: The arguments of the callback.
        default: The metric to monitor by default.
        objective: The directions of metrics.

    Returns:
        The arguments, with `monitor` and `mode` filled in.
    """
    filled = dict(arguments)
    if "monitor" in filled and filled["monitor"] is None:
        filled["monitor"] = default
    monitor = filled.get("monitor")
    if "mode" in filled and filled["mode"] is None and isinstance(monitor, str):
        filled["mode"] = objective.mode_of(monitor)
    return filled
