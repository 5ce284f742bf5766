"""Stops the unpromising jobs of a search."""

import warnings
from typing import Any

import keras

from altitude.errors import ConfigError, Problem, TrackingError
from altitude.sweeps.search.optuna_reports import Reports
from altitude.tracking.active import tag_active_run
from altitude.tracking.tags import PRUNED, PRUNED_EPOCH


class Pruning(keras.callbacks.Callback):
    """Reports a metric of each epoch to a study of Optuna, and stops where its pruner says so.

    Stands behind the user's callbacks. A storage that fails costs the pruning, not the run.

    Args:
        monitor: The metric.
        study: Name of the study.
        storage: SQLAlchemy's URL of its database.
        trial: Number of the trial that this run is.
        pruner: Optuna's pruner.

    Attributes:
        stop_reason: Why it stopped the training; empty if it did not.
    """

    def __init__(self, *, monitor: str, study: str, storage: str, trial: int, pruner: Any) -> None:
        super().__init__()
        self.monitor = monitor
        self.stop_reason = ""
        self._place = (study, storage, trial, pruner)
        self._reports: Reports | None = None

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        try:
            self._reports = Reports(*self._place)
        except TrackingError as error:
            self._give_up(error)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: D102
        if self._reports is None:
            return
        if self.monitor not in (logs or {}):
            expected = f"a metric of every epoch where jobs are pruned: {', '.join(logs or {})}"
            raise ConfigError([Problem("sweep.objective", self.monitor, expected)])
        ends_anyway = self.model.stop_training or epoch + 1 >= self.params["epochs"]
        try:
            if self._reports.is_hopeless(epoch + 1, float(logs[self.monitor]), ends_anyway):
                self._stop(epoch + 1)
        except TrackingError as error:
            self._give_up(error)

    def _stop(self, epoch: int) -> None:
        """Stops, and says so in MLflow, if this run is tracked."""
        self.model.stop_training = True
        self.stop_reason = f"pruned: {self.monitor} was behind that of other jobs"
        tag_active_run({PRUNED: "true", PRUNED_EPOCH: str(epoch)})

    def _give_up(self, error: TrackingError) -> None:
        self._reports = None
        warnings.warn(f"this job is not pruned from here on: {error}", stacklevel=2)
