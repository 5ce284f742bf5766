"""MLflow's active run, for callbacks that have no reference to a run."""

from collections.abc import Mapping

import mlflow

from altitude.errors import TrackingError
from altitude.tracking.outbox import FAILURES


def tag_active_run(tags: Mapping[str, str]) -> None:
    """Tags the active run; does nothing without one.

    Args:
        tags: The values, by name.

    Raises:
        TrackingError: If the store fails.
    """
    if mlflow.active_run() is None:
        return
    try:
        mlflow.set_tags(dict(tags))
    except FAILURES as error:
        wanted = ", ".join(f"{name}={value}" for name, value in tags.items())
        raise TrackingError(f"the run could not be tagged with {wanted}: {error}") from error
