"""Collects and records the metrics of every epoch."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from altitude.optimizers.group_optimizer import learning_rates

Record = Callable[[dict[str, float], int], None]
"""Takes the metrics of one epoch, and its number, counted from 1."""


class EpochLog(keras.callbacks.Callback):
    """Adds `learning_rate` and `epoch_seconds` to the metrics of each epoch and records them.

    The rate of each group of an optimizer that has groups is `learning_rate/<group>`.

    Comes after the user's callbacks, some of which write into the logs.

    Args:
        record: Called at the end of each epoch.

    Attributes:
        history: The values of each metric by epoch; NaN where an epoch did not report it.
    """

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record
        self._began = 0.0
        self._recorded = 0
        self._learning_rates: dict[str, float] = {}
        self.history: dict[str, list[float]] = {}

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.history.get("epoch_seconds", []))

    def get_state(self) -> dict[str, Any]:
        """Returns the history, and learning rates and elapsed time of the current epoch."""
        return {
            "history": self.history,
            "learning_rates": self._learning_rates,
            "seconds": time.perf_counter() - self._began,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the history, whose epochs are not recorded again.

        Args:
            state: What `get_state` returned.
        """
        self.history = state["history"]
        self._learning_rates = state["learning_rates"]
        self._began = time.perf_counter() - state["seconds"]

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Records the epochs from before a resume point, which a run may not have recorded."""
        for epoch in range(self._recorded, self.epochs):
            known = {name: values[epoch] for name, values in self.history.items()}
            self._record({n: v for n, v in known.items() if not math.isnan(v)}, epoch + 1)
        self._recorded = self.epochs

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._began = time.perf_counter()
        # Read now: ReduceLROnPlateau changes it at the end of the epoch, for the next one.
        self._learning_rates = learning_rates(self.model.optimizer)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: D102
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        metrics |= self._learning_rates
        metrics["epoch_seconds"] = time.perf_counter() - self._began
        self._append(metrics)
        self._record(metrics, epoch + 1)
        self._recorded = self.epochs

    def _append(self, metrics: dict[str, float]) -> None:
        """Adds an epoch to the history, with NaN for each metric that is known and not in it."""
        before = [math.nan] * self.epochs
        for name in {**self.history, **metrics}:
            self.history.setdefault(name, before[:]).append(metrics.get(name, math.nan))
