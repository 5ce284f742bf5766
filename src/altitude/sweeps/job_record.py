"""The records of a sweep's jobs, and the goals that rank them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["WAITING", "RUNNING", "FINISHED", "FAILED", "KILLED"]

DIGITS = 4

REPEATS: Mapping[str, str] = {"seed": "seed", "dataset.fold": "fold"}
"""The swept keys whose values are repeats of one setting, and their short names."""


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """The record of one job of a sweep.

    Attributes:
        number: Its place in the sweep, counted from 0.
        name: The swept values in one line: `learning_rate=0.001 patience=3`.
        swept: The values of the swept parameters, by short name, in the order of the sweep.
        status: The status of its run, as MLflow names it, or `WAITING`.
        metrics: The final metrics of its run, such as `best_val_accuracy` and `best_epoch`.
        reason: Why it failed or was killed.
        run_id: MLflow's id of its run.
        pruned: Whether it was stopped early because it was hopeless.
        epochs: The number of epochs that it has trained.
        validation_examples: The number of its validation examples; 0 if it is not known.
    """

    number: int
    name: str
    swept: Mapping[str, Any]
    status: Status
    metrics: Mapping[str, float]
    reason: str = ""
    run_id: str | None = None
    pruned: bool = False
    epochs: int = 0
    validation_examples: int = 0

    @property
    def label(self) -> str:
        """Its name, also where nothing was swept."""
        return self.name or f"job {self.number}"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A metric, and whether more of it is better, or less.

    Attributes:
        metric: The name of a result, such as `best_val_accuracy`.
        direction: Whether more of it is better, or less.
    """

    metric: str
    direction: Literal["maximize", "minimize"]

    def value(self, metrics: Mapping[str, float]) -> float:
        """Returns the goal's metric; NaN if it is missing.

        Args:
            metrics: The results of a job, by name.
        """
        return metrics.get(self.metric, math.nan)

    def order(self, value: float) -> tuple[bool, float]:
        """Returns a key that sorts values from best to worst; NaN comes last, after infinities.

        Args:
            value: A value of the goal's metric.
        """
        if math.isnan(value):
            return True, 0.0
        return False, -value if self.direction == "maximize" else value

    def rank(self, metrics: Mapping[str, float]) -> tuple[bool, float]:
        """Returns a key that sorts jobs from best to worst; those without a result come last.

        Args:
            metrics: The results of a job, by name.
        """
        return self.order(self.value(metrics))

    def best(self, records: Iterable[JobRecord]) -> JobRecord | None:
        """Returns the best job that has finished with the goal's metric; the first of equals.

        Args:
            records: The jobs of a sweep, whatever their status.

        Returns:
            The record of the best job; None if no job has finished with the metric.
        """
        scored = [
            record
            for record in records
            if record.status == "FINISHED" and not math.isnan(self.value(record.metrics))
        ]
        return min(scored, key=lambda record: self.rank(record.metrics), default=None)


def unreported(goals: Iterable[Goal], records: Iterable[JobRecord]) -> str:
    """What no job that has finished reports, though it is to rank them, and what they do report.

    Args:
        goals: The metrics that rank the jobs.
        records: The records of the jobs.

    Returns:
        A sentence; empty if nothing is missing, or no job has finished.
    """
    finished = [record.metrics for record in records if record.status == "FINISHED"]
    missing = [
        goal.metric for goal in goals if all(math.isnan(goal.value(found)) for found in finished)
    ]
    if not finished or not missing:
        return ""
    reported = sorted({name for found in finished for name in found} - set(missing))
    listed = f"; they report {', '.join(reported)}" if reported else ""
    return f"no job has reported {' or '.join(missing)}, which is to rank them{listed}"


def shown(value: Any) -> str:
    """Returns a swept value as it is typed, long numbers with four significant digits.

    Args:
        value: The value of a parameter.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    short = f"{value:.{DIGITS}g}" if isinstance(value, float) else ""
    return short if short and float(short) != value else str(value)


def named(swept: Mapping[str, Any]) -> str:
    """Returns swept values in one line: `learning_rate=0.001 patience=3`.

    Args:
        swept: The values, by parameter.
    """
    return " ".join(f"{name}={shown(value)}" for name, value in swept.items())


def swept_names(swept: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns the names of all swept parameters, each once, in the order of the sweep.

    Args:
        swept: The values of each job, by parameter.
    """
    return list(dict.fromkeys(name for values in swept for name in values))
