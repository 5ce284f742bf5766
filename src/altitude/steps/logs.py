"""Checks the return values of steps."""

from collections.abc import Callable, Mapping
from typing import Any

from altitude.errors import TrainingError
from altitude.failures.places import user_line_of_target
from altitude.steps.batch import Batch, Logs


def require_logs(step: Callable[[Batch], Logs], source: Any) -> Callable[[Batch], Logs]:
    """Wraps a step so that its return value is checked when it is traced.

    Args:
        step: A function of a batch that returns metrics by name.
        source: The method whose file and line the error names.

    Returns:
        The wrapped step.

    Raises:
        TrainingError: From the step, if it returns anything but a mapping.
    """

    def checked(batch: Batch) -> Logs:
        logs = step(batch)
        if not isinstance(logs, Mapping):
            raise TrainingError(_wrong_return_message(logs, source))
        return logs

    return checked


def _wrong_return_message(logs: Any, source: Any) -> str:
    place = user_line_of_target(source)
    given = "None" if logs is None else type(logs).__name__
    return (
        f"{source.__qualname__} returned {given}, expected metrics by name"
        + (f"\n    where:   {place.file_and_line}" if place else "")
        + "\n    instead: `return model.compute_metrics(x, y, y_pred)` at its end"
    )
