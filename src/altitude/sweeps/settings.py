"""The settings of a sweep: its objective, and what happens when a job fails."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic.dataclasses import dataclass

from altitude.directions import Direction
from altitude.errors import Problem
from altitude.sweeps.job_record import Goal
from altitude.validation import STRICT, Flag, NonNegativeCount

if TYPE_CHECKING:
    from altitude.sweeps.plan.space import Space
    from altitude.sweeps.search.proposals import Search, SweepContext


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Sweep(ABC):
    """The settings that all kinds of sweeps share.

    Attributes:
        objective: The metric that ranks the jobs, or several of them; None for the one that decides
            which epoch of a job is best.
        direction: Whether more of it is better, or less; one for each objective. None for the
            metric's own.
        dry_run: List the jobs, and run none of them.
        nested: Show the jobs in MLflow's UI below the sweep's own run, whose charts then leave them
            out, and not beside it.
        fail_fast: End the sweep with the first job that fails.
        retries: The number of times that a failed job is run again.
        fresh: Run all jobs again, whatever an earlier launch of the same sweep has done.
        share: Whether jobs that differ in nothing but the patience of EarlyStopping and the number
            of epochs share a training: one continues where the other has stopped.
    """

    objective: str | tuple[str, ...] | None = None
    direction: Direction | tuple[Direction, ...] | None = None
    dry_run: Flag = False
    nested: Flag = False
    fail_fast: Flag = False
    retries: NonNegativeCount = 0
    fresh: Flag = False
    share: Flag = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """The objectives; none, if they are left to that of the jobs."""
        return _several(self.objective)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions; none, if they are left to the metrics."""
        return cast("tuple[Direction, ...]", _several(self.direction))

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The objectives with their directions, once both are known: see `follow_metrics`."""
        pairs = zip(self.metrics, self.directions, strict=True)
        return tuple(Goal(metric=metric, direction=direction) for metric, direction in pairs)

    @abstractmethod
    def problems_with(self, space: "Space") -> list[Problem]:
        """Returns what this kind of search does not support in a space.

        Args:
            space: The space of the sweep.
        """

    @abstractmethod
    def combinations(self, space: "Space") -> Iterator[tuple[str, ...]]:
        """Yields jobs that represent the space: they are composed and checked before the first job.

        Args:
            space: The space of the sweep.

        Yields:
            The overrides of one job.
        """

    def number_of_jobs(self, combinations: int) -> int:
        """Returns the number of jobs that is expected before the first one runs.

        Args:
            combinations: The number of combinations of the space.
        """
        return combinations

    @abstractmethod
    def search_settings(self, spaces: Sequence["Space"]) -> Mapping[str, Any]:
        """Returns the settings that make another sweep of the same jobs.

        Args:
            spaces: The spaces of the sweep, one for each recipe.

        Returns:
            Plain values by name.
        """

    @abstractmethod
    def begin(self, spaces: Sequence["Space"], study: "SweepContext") -> "Search":
        """Begins a search, or continues that of an earlier launch.

        Args:
            spaces: The spaces of the sweep, one for each recipe.
            study: The sweep as the search needs to know it.

        Returns:
            What proposes jobs and is given their results.
        """


def _several(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
