"""Which metric callbacks monitor, and in which direction, where the config leaves it open."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.directions import DIRECTIONS, Mode, mode_of_name
from altitude.loops import Loop
from altitude.objective import Objective

Callbacks = Mapping[str, Callable[[], Any]]

OF_EVERY_RUN = ("best_epoch", "epoch_seconds", "learning_rate")
"""What every run reports besides the metrics of its loss and its step."""


def default_monitor(objective: Objective, loop: Loop | None = None) -> str:
    """The metric that decides which model is best.

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
    """Yields the name, the call and the monitored metric of each callback that monitors one."""
    for name, callback in callbacks.items():
        monitor = callback.arguments.get("monitor") if isinstance(callback, LazyCall) else None
        if isinstance(callback, LazyCall) and isinstance(monitor, str):
            yield name, callback, monitor


def monitor_overrides(name: str, monitor: str, mode: str | None, *, with_mode: bool = True) -> str:
    """The overrides that have a callback monitor a metric, complete with its direction.

    Args:
        name: The callback's name in the config.
        monitor: The metric.
        mode: Its direction; by its name, if None.
        with_mode: Whether the callback has a `mode` in the config.
    """
    mode = mode or mode_of_name(monitor) or "min"
    direction = f" callbacks.{name}.mode={mode}" if with_mode else ""
    return f"callbacks.{name}.monitor={monitor}{direction}"


def objective_overrides(metrics: Sequence[str], modes: Sequence[Mode | None]) -> str:
    """The overrides that have a sweep look for metrics, complete with their directions."""
    directions = [DIRECTIONS[mode or "max"] for mode in modes]
    return f"sweep.objective={listed(metrics)} sweep.direction={listed(directions)}"


def listed(values: Sequence[str]) -> str:
    """One value, or several, as they are written on a command line."""
    return values[0] if len(values) == 1 else f"[{','.join(values)}]"


def followed(arguments: Mapping[str, Any], default: str, objective: Objective) -> Mapping[str, Any]:
    """Fills in a callback's `monitor` if it is null, and its `mode` if the direction is known.

    Args:
        arguments: Those of the callback.
        default: What is monitored by default.
        objective: Knows the direction of its metrics.
    """
    filled = dict(arguments)
    if "monitor" in filled and filled["monitor"] is None:
        filled["monitor"] = default
    monitor = filled.get("monitor")
    if "mode" in filled and filled["mode"] is None and isinstance(monitor, str):
        filled["mode"] = objective.mode_of(monitor)
    return filled
