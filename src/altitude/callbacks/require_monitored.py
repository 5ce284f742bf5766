"""Checks, in the first epoch, that the metrics that callbacks monitor are reported."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

import keras

from altitude.directions import mode_of_name, monitor_overrides
from altitude.errors import ConfigError, Problem, TrainingError

Callbacks = Mapping[str, keras.callbacks.Callback]

SWITCHABLE = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.ReduceLROnPlateau,
)
"""Keras' callbacks that first read their metric at the end of an epoch."""


def monitor_of(callback: keras.callbacks.Callback) -> str | None:
    """Returns the metric that a callback needs at the end of an epoch; None if it needs none.

    Args:
        callback: Any Keras callback.
    """
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and (
        not callback.save_best_only or callback.save_freq != "epoch"
    ):
        return None
    monitor = getattr(callback, "monitor", None)
    return monitor if isinstance(monitor, str) else None


def with_monitors_required(
    callbacks: Callbacks, defaults: Collection[str], notify: Callable[[str], None]
) -> list[keras.callbacks.Callback]:
    """Inserts a `RequireMonitored` before each callback that monitors a metric.

    Args:
        callbacks: The user's callbacks, by name.
        defaults: The metrics that are monitored where a config does not say otherwise.
        notify: Called with a line for the user.

    Returns:
        All callbacks in the order of their calls.
    """
    guarded: list[keras.callbacks.Callback] = []
    for name, callback in callbacks.items():
        if monitor_of(callback) is not None:
            guarded.append(RequireMonitored(name, callbacks, defaults, notify))
        guarded.append(callback)
    return guarded


def require_no_validation_monitors(callbacks: Callbacks) -> None:
    """Checks that no callback monitors a validation metric, if there is no validation data.

    Args:
        callbacks: The user's, by name.

    Raises:
        ConfigError: If a callback does.
    """
    problems = [
        Problem(
            f"callbacks.{name}.monitor",
            monitor,
            "a metric of training: there is no validation data",
            monitor_overrides(
                name, monitor.removeprefix("val_"), None, with_mode=hasattr(callback, "mode")
            ),
        )
        for name, callback in callbacks.items()
        if (monitor := monitor_of(callback) or "").startswith("val_")
    ]
    if problems:
        raise ConfigError(problems)


class RequireMonitored(keras.callbacks.Callback):
    """Raises if a callback monitors a metric that is not reported.

    Comes right before that callback: those before it may add metrics to the logs. If the
    metric is one that is monitored by default, and there is one loss, the loss takes its place.

    Args:
        name: The name of that callback.
        callbacks: All of the user's callbacks, by name.
        defaults: Metrics that are monitored where a config does not say otherwise.
        notify: Called with a line for the user.
    """

    def __init__(
        self,
        name: str,
        callbacks: Callbacks,
        defaults: Collection[str],
        notify: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._name = name
        self._callbacks = callbacks
        self._defaults = defaults
        self._notify = notify
        self._checked = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        if not self._checked:
            self._checked = True
            self._require(logs or {})

    def _require(self, logs: Mapping[str, Any]) -> None:
        callback: Any = self._callbacks[self._name]
        monitor, loss = callback.monitor, only_loss(logs)
        if monitor in logs:
            return
        if monitor not in self._defaults or not loss or not isinstance(callback, SWITCHABLE):
            raise TrainingError(_unreported(self._callbacks, logs))
        callback.monitor, callback.mode = loss, "min"
        self._notify(f"callbacks.{self._name} monitors {loss}: {monitor} is not reported")


def only_loss(logs: Collection[str]) -> str:
    """Returns the total loss, of validation if there is any, or else the only loss.

    Args:
        logs: The names of the reported metrics.

    Returns:
        The name of the loss; empty if there are several and none is the total.
    """
    validation = [name for name in logs if name.startswith("val_")]
    losses = [name for name in validation or logs if name.endswith("loss")]
    total = [name for name in losses if name in ("loss", "val_loss")]
    return (total or losses)[0] if total or len(losses) == 1 else ""


def nearest_metric(metric: str, reported: Collection[str]) -> str:
    """Suggests a reported metric in place of one that is not reported.

    Args:
        metric: The metric that is not reported.
        reported: The names of the reported metrics.

    Returns:
        A reported metric, preferably of the same split and of known direction; `metric` if none is
        reported.
    """
    on_same_data = [
        name for name in reported if name.startswith("val_") == metric.startswith("val_")
    ]
    close = get_close_matches(metric, on_same_data, n=1)
    loss = only_loss(reported)
    candidates = [*close, *([loss] if loss else []), *on_same_data, *reported]
    known = [name for name in candidates if mode_of_name(name) is not None]
    return [*close, *known, *candidates, metric][0]


def _unreported(callbacks: Callbacks, logs: Mapping[str, Any]) -> str:
    lines = []
    for name, callback in callbacks.items():
        monitor = monitor_of(callback)
        if monitor is not None and monitor not in logs:
            instead = monitor_overrides(
                name, nearest_metric(monitor, logs), None, with_mode=hasattr(callback, "mode")
            )
            lines.append(
                f"callbacks.{name} monitors {monitor}, which is not reported; try {instead}"
            )
    return "\n".join([*lines, f"reported in the first epoch: {', '.join(logs)}"])
