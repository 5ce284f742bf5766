"""Checks, in the first epoch, that a run will report the metrics that rank it."""

from collections.abc import Collection, Sequence
from typing import Any

import keras

from altitude.callbacks.require_monitored import nearest_metric
from altitude.directions import OF_EVERY_RUN, mode_of_name, objective_overrides
from altitude.errors import TrainingError


class RequireResults(keras.callbacks.Callback):
    """Raises if a job will not report the objective of its sweep.

    Args:
        results: Names of final metrics, such as `best_val_accuracy`.
    """

    def __init__(self, results: Sequence[str]) -> None:
        super().__init__()
        self._results = results
        self._checked = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        if self._checked:
            return
        self._checked = True
        known = result_names(logs or {})
        missing = [name for name in self._results if name not in known]
        if missing:
            nearest = [n if n in known else nearest_result(n, known) for n in self._results]
            instead = objective_overrides(nearest, [mode_of_name(name) for name in nearest])
            raise TrainingError(
                f"{', '.join(missing)}, the objective of the sweep, is not a result of this job; "
                f"try {instead}\nits results: {', '.join(known)}"
            )


def result_names(logs: Collection[str]) -> list[str]:
    """Derives the names of a run's final metrics from the logs of an epoch, best ones first.

    Args:
        logs: The names of the metrics in the logs of an epoch.

    Returns:
        The names, such as `best_val_loss` and `test_loss`.
    """
    best = [f"best_{name}" for name in logs if name.startswith("val_")]
    of_training = [name for name in logs if not name.startswith("val_")]
    tested = dict.fromkeys(f"test_{name.removeprefix('val_')}" for name in logs)
    others = [name for name in OF_EVERY_RUN if name not in logs]
    return [*best, *tested, *(n for n in logs if n.startswith("val_")), *of_training, *others]


def nearest_result(name: str, known: Sequence[str]) -> str:
    """Suggests a result of the run in place of one that it does not have.

    Args:
        name: The result that the run does not have.
        known: The names of the results that it has.

    Returns:
        One of `known`.
    """
    best = [result.removeprefix("best_") for result in known if result.startswith("best_val_")]
    others = [result for result in known if not result.startswith("test_")]
    near = nearest_metric(name.removeprefix("best_"), best or others)
    return f"best_{near}" if near in best else near
