"""What is known of the jobs of a sweep, and what makes one better than another."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["WAITING", "RUNNING", "FINISHED", "FAILED", "KILLED"]

DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """What is known of one job of a sweep.

    Attributes:
        number: Its place in the sweep, counting from 0.
        name: What was swept, in words: `learning_rate=0.001 patience=3`.
        swept: What was swept, by short name, in the order of the sweep.
        status: How far it is, or how it ended.
        metrics: Final metrics of the run: `best_val_accuracy`, `test_accuracy`, `best_epoch`, ...
        reason: Why it failed or was killed.
        run_id: MLflow's id of its run.
        pruned: Whether it was stopped early because it was hopeless.
        epochs: How many epochs it has trained.
        validation_examples: How many examples its validation metrics are measured on; 0 if unknown.
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
    """A metric, and whether more of it is better, or less."""

    metric: str
    direction: Literal["maximize", "minimize"]

    def value(self, metrics: Mapping[str, float]) -> float:
        """The goal's metric; NaN if it is missing."""
        return metrics.get(self.metric, math.nan)

    def order(self, value: float) -> tuple[bool, float]:
        """A key that sorts values from best to worst; NaN is last, also after infinities."""
        if math.isnan(value):
            return True, 0.0
        return False, -value if self.direction == "maximize" else value

    def rank(self, metrics: Mapping[str, float]) -> tuple[bool, float]:
        """A key that sorts metrics from best to worst; those without the goal's are last."""
        return self.order(self.value(metrics))

    def best(self, records: Iterable[JobRecord]) -> JobRecord | None:
        """The best job that has finished with the goal's metric; the first of equals."""
        scored = [
            record
            for record in records
            if record.status == "FINISHED" and not math.isnan(self.value(record.metrics))
        ]
        return min(scored, key=lambda record: self.rank(record.metrics), default=None)


def unreported(goals: Iterable[Goal], records: Iterable[JobRecord]) -> str:
    """What no job that has finished reports, though it is to rank them, and what they do report.

    Args:
        goals: What ranks the jobs.
        records: What is known of them.

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
    """A swept value for people: as it is typed, long numbers with four digits."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    short = f"{value:.{DIGITS}g}" if isinstance(value, float) else ""
    return short if short and float(short) != value else str(value)


def named(swept: Mapping[str, Any]) -> str:
    """Swept values in words: `learning_rate=0.001 patience=3`."""
    return " ".join(f"{name}={shown(value)}" for name, value in swept.items())


def swept_names(swept: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all swept parameters, each once, in the order of the sweep."""
    return list(dict.fromkeys(name for values in swept for name in values))
