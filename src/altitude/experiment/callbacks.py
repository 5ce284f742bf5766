"""Resolves the placeholders of callbacks: the output folder, `monitor` and `mode`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.experiment.monitoring import Callbacks, default_monitor, resolve_monitor
from altitude.loops import Loop
from altitude.objective import Objective

OUTPUT_DIR = "${output_dir}"
"""Stands for the experiment's folder in the arguments of callbacks, as it does in a config."""


def resolve_callbacks(
    callbacks: Callbacks, output_dir: Path, objective: Objective, loop: Loop | None
) -> dict[str, Callable[[], Any]]:
    """Replaces the folder placeholder, and each `monitor` and `mode` that is None.

    Values that were filled in for another experiment are replaced.

    Args:
        callbacks: The callbacks, as configured or as returned by this function.
        output_dir: The folder of the experiment.
        objective: The metric to monitor by default, and the directions of metrics.
        loop: The loop, whose step may report metrics of its own; None if it is not known.

    Returns:
        The callbacks, by name, with all arguments filled in.
    """
    folder, monitor = str(output_dir), default_monitor(objective, loop)

    def resolved(call: LazyCall) -> LazyCall:
        template = call.template or LazyCall(
            call.target, _moved(call.arguments, folder, OUTPUT_DIR)
        )
        arguments = _moved(template.arguments, OUTPUT_DIR, folder)
        return template.resolved(resolve_monitor(arguments, monitor, objective))

    return {
        name: resolved(callback) if isinstance(callback, LazyCall) else callback
        for name, callback in callbacks.items()
    }


def _moved(value: Any, old: str, new: str) -> Any:
    """Replaces a folder in all paths inside a value."""
    if isinstance(value, Mapping):
        return {key: _moved(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, old, new) for item in value]
    if isinstance(value, str) and f"{value}/".startswith(f"{old}/"):
        return new + value.removeprefix(old)
    return value
