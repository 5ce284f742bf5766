"""Ranks the settings of a sweep, with repeats over seeds and folds averaged."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from altitude.sweeps.job_record import REPEATS, Goal, JobRecord, named

REPEATED = tuple(REPEATS.values())
"""The swept parameters whose values are repeats of one setting."""

BEST_EPOCH = "best_epoch"


@dataclass(frozen=True, kw_only=True)
class LeaderboardEntry:
    """One setting of a sweep: its jobs, which differ in seed or fold alone, and its place.

    Attributes:
        rank: Its place, counted from 1; settings with equal scores share one.
        swept: The swept values, without seed and fold.
        goals: The metrics that rank it, the most important one first.
        members: Its jobs, in the order of the sweep.
        metrics: Means of all final metrics; NaN where a job does not have one. Of `best_epoch` the
            median, an epoch that one of its jobs did train.
        deviation: Sample standard deviation of the first goal's metric; NaN for a single job.
        on_front: Whether no other setting is better in one goal and as good in all others.
    """

    rank: int
    swept: Mapping[str, Any]
    goals: tuple[Goal, ...]
    members: tuple[JobRecord, ...]
    metrics: Mapping[str, float]
    deviation: float
    on_front: bool = False

    @property
    def name(self) -> str:
        """The setting in words: `learning_rate=0.001 patience=3`."""
        return named(self.swept) or "the only setting"

    @property
    def mean(self) -> float:
        """The mean of the first goal's metric."""
        return self.goals[0].value(self.metrics)

    @property
    def count(self) -> int:
        """The number of jobs that it is the mean of."""
        return len(self.members)

    @property
    def best(self) -> JobRecord:
        """Its best job by the first goal."""
        return min(self.members, key=lambda member: self.goals[0].rank(member.metrics))

    @property
    def repeats(self) -> str:
        """What its jobs differ in: `seeds`, `folds`, or `seeds and folds`."""
        return " and ".join(
            f"{name}s" for name in REPEATED if any(name in job.swept for job in self.members)
        )

    @property
    def run_ids(self) -> tuple[str, ...]:
        """MLflow's ids of its runs, the best by the first goal in front."""
        ranked = sorted(self.members, key=lambda member: self.goals[0].rank(member.metrics))
        return tuple(member.run_id for member in ranked if member.run_id is not None)

    @property
    def pruned(self) -> bool:
        """Whether one of its jobs was stopped early, so that its mean is no final one."""
        return any(member.pruned for member in self.members)


def leaderboard(
    records: Sequence[JobRecord], goals: Sequence[Goal]
) -> tuple[LeaderboardEntry, ...]:
    """Ranks the settings of a sweep.

    Args:
        records: The records of its jobs; only those that have finished count.
        goals: The metrics that rank them. With several, the settings on the Pareto front come
            first, and each part is ranked by the first goal.

    Returns:
        The settings, best first; those without the first goal's metric are last.
    """
    groups: dict[str, list[JobRecord]] = {}
    for record in sorted(records, key=lambda record: record.number):
        if record.status == "FINISHED":
            groups.setdefault(repr(sorted(_setting(record).items())), []).append(record)
    entries = [_entry(members, goals) for members in groups.values()]
    entries = [replace(s, on_front=_on_front(s, entries)) for s in entries]
    entries.sort(key=lambda s: (len(goals) > 1 and not s.on_front, goals[0].rank(s.metrics)))
    return tuple(
        replace(entry, rank=rank) for entry, rank in zip(entries, _ranks(entries), strict=True)
    )


def _ranks(entries: Sequence[LeaderboardEntry]) -> Iterator[int]:
    """Places as in sports: after two firsts comes a third."""
    before, rank = None, 0
    for position, entry in enumerate(entries, start=1):
        place = (entry.on_front and len(entry.goals) > 1, *_places(entry))
        if place != before:
            before, rank = place, position
        yield rank


def _setting(record: JobRecord) -> dict[str, Any]:
    return {name: value for name, value in record.swept.items() if name not in REPEATED}


def _entry(members: Sequence[JobRecord], goals: Sequence[Goal]) -> LeaderboardEntry:
    names = dict.fromkeys(name for member in members for name in member.metrics)
    values = [goals[0].value(member.metrics) for member in members]
    with np.errstate(invalid="ignore"):  # infinities have no mean and no spread
        means = {name: _typical(name, members) for name in names}
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return LeaderboardEntry(
        rank=0,
        swept=_setting(members[0]),
        goals=tuple(goals),
        members=tuple(members),
        metrics=means,
        deviation=deviation,
    )


def _typical(name: str, members: Sequence[JobRecord]) -> float:
    values = [member.metrics.get(name, math.nan) for member in members]
    if name == BEST_EPOCH and not any(map(math.isnan, values)):
        return float(statistics.median_low(values))
    return float(np.mean(values))


def _on_front(entry: LeaderboardEntry, others: Sequence[LeaderboardEntry]) -> bool:
    place = _places(entry)
    if any(missing for missing, _ in place):
        return False
    return not any(_dominates(_places(other), place) for other in others)


def _places(entry: LeaderboardEntry) -> list[tuple[bool, float]]:
    return [goal.rank(entry.metrics) for goal in entry.goals]


def _dominates(one: Sequence[tuple[bool, float]], other: Sequence[tuple[bool, float]]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
