"""What callbacks leave to their experiment: its folder, and which metric they monitor."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.experiment.monitoring import Callbacks, default_monitor, followed
from altitude.loops import Loop
from altitude.objective import Objective

OUTPUT_DIR = "${output_dir}"
"""Stands for the experiment's folder in the arguments of callbacks, as it does in a config."""


def fill_in_callbacks(
    callbacks: Callbacks, output_dir: Path, objective: Objective, loop: Loop | None
) -> dict[str, Callable[[], Any]]:
    """Fills in the folder and each `monitor` and `mode` that is null.

    What has been filled in before, for another experiment, is filled in anew.

    Args:
        callbacks: As configured, or as filled in.
        output_dir: The experiment's folder.
        objective: Says what is monitored by default, and knows the direction of its metrics.
        loop: May report metrics of its own.
    """
    folder, monitor = str(output_dir), default_monitor(objective, loop)

    def filled_in(call: LazyCall) -> LazyCall:
        template = call.template or LazyCall(
            call.target, _moved(call.arguments, folder, OUTPUT_DIR)
        )
        arguments = _moved(template.arguments, OUTPUT_DIR, folder)
        return template.filled_in(followed(arguments, monitor, objective))

    return {
        name: filled_in(callback) if isinstance(callback, LazyCall) else callback
        for name, callback in callbacks.items()
    }


def _moved(value: Any, old: str, new: str) -> Any:
    """Replaces a folder, and what lies in it, by another one in all arguments."""
    if isinstance(value, Mapping):
        return {key: _moved(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, old, new) for item in value]
    if isinstance(value, str) and f"{value}/".startswith(f"{old}/"):
        return new + value.removeprefix(old)
    return value
