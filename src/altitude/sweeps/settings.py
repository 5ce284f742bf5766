"""How a sweep is run: what ranks its jobs, and what happens when one fails."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic.dataclasses import dataclass

from altitude.errors import Problem
from altitude.sweeps.outcome import Goal
from altitude.validation import STRICT, Flag, NonNegativeCount, refuse

if TYPE_CHECKING:
    from altitude.sweeps.planning.space import Space
    from altitude.sweeps.search.proposals import Search, Study

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Sweep(ABC):
    """What all kinds of sweeps have in common.

    Attributes:
        objective: The metric that ranks the jobs, or several of them.
        direction: Whether more of it is better, or less; one for each objective.
        dry_run: List the jobs, and run none of them.
        nested: Show the jobs in MLflow's UI below the sweep's own run, whose charts then leave them
            out, and not beside it.
        fail_fast: End the sweep with the first job that fails.
        retries: How often a job that fails is run again.
        fresh: Run all jobs anew, whatever an earlier launch of the same sweep has done.
    """

    objective: str | tuple[str, ...] = "best_val_accuracy"
    direction: Direction | tuple[Direction, ...] = "maximize"
    dry_run: Flag = False
    nested: Flag = False
    fail_fast: Flag = False
    retries: NonNegativeCount = 0
    fresh: Flag = False

    def __post_init__(self) -> None:
        """Refuses objectives without a direction, and losses that are to grow."""
        if len(_several(self.objective)) != len(_several(self.direction)):
            refuse("one direction for each objective", "sweep.direction=[maximize,minimize]")
        for goal in self.goals:
            worse = "minimize" if goal.metric.endswith("accuracy") else "maximize"
            if goal.metric.endswith(("accuracy", "loss")) and goal.direction == worse:
                better = "minimize" if worse == "maximize" else "maximize"
                refuse(f"sweep.direction to be `{better}` for {goal.metric}, {worse} was given")

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The objectives with their directions."""
        metrics, directions = _several(self.objective), _several(self.direction)
        return tuple(
            Goal(metric=metric, direction=cast("Direction", direction))
            for metric, direction in zip(metrics, directions, strict=False)
        )

    @abstractmethod
    def problems_with(self, space: "Space") -> list[Problem]:
        """What this kind of search cannot do with a space."""

    @abstractmethod
    def combinations(self, space: "Space") -> Iterator[tuple[str, ...]]:
        """Jobs that stand for the space: what is composed and checked before the first job."""

    @abstractmethod
    def search_settings(self, spaces: Sequence["Space"]) -> Mapping[str, Any]:
        """What makes another sweep of the same jobs."""

    @abstractmethod
    def begin(self, spaces: Sequence["Space"], study: "Study") -> "Search":
        """Begins a search, or goes on with that of an earlier launch."""


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
