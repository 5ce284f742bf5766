"""The interface of searches, which propose the next jobs of a sweep."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from altitude.sweeps.job_record import JobRecord


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A job that a search wants to see run.

    Attributes:
        number: Its place in the sweep, counted from 0.
        overrides: The overrides that it is composed with.
        callbacks: Config nodes of callbacks that it needs besides its own, by name.
    """

    number: int
    overrides: tuple[str, ...]
    callbacks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SweepContext:
    """The sweep, as a search needs to know it.

    Attributes:
        sweep_id: The id of the sweep, the same in every launch.
        tracking_uri: The store of its runs, None without one.
        parallel: The number of jobs that run at a time.
        begun: Whether anything is known of its jobs, from an earlier launch.
    """

    sweep_id: str
    tracking_uri: str | None
    parallel: int
    begun: bool = False


class Search(ABC):
    """Proposes jobs until there are enough.

    Attributes:
        notice: A notice for the user in one line; empty if there is none.
    """

    notice: str = ""

    @property
    @abstractmethod
    def total(self) -> int:
        """The expected number of jobs, those of earlier launches included."""

    @abstractmethod
    def propose(self) -> Sequence[Proposal]:
        """Returns the jobs to run next, none at the end, after the results of all earlier ones."""

    def proposal(self, number: int) -> Proposal | None:  # noqa: ARG002
        """Returns a job that was proposed in an earlier launch; None if that is not remembered.

        Args:
            number: The number of the job, counted from 0.
        """
        return None

    @abstractmethod
    def tell(self, number: int, record: JobRecord | None) -> None:
        """Records the result of a job.

        Args:
            number: The number of the job, counted from 0.
            record: The record of the job; None if it did not run.
        """


class EveryCombination(Search):
    """All jobs at once.

    Args:
        combinations: The overrides of each job.
    """

    def __init__(self, combinations: Sequence[tuple[str, ...]]) -> None:
        self._waiting = [
            Proposal(number=number, overrides=overrides)
            for number, overrides in enumerate(combinations)
        ]
        self._total = len(combinations)

    @property
    def total(self) -> int:
        """The number of combinations."""
        return self._total

    def propose(self) -> Sequence[Proposal]:
        """Returns all combinations the first time, and none afterwards."""
        proposals, self._waiting = self._waiting, []
        return proposals

    def tell(self, number: int, record: JobRecord | None) -> None:
        """No-op: no other job depends on the result."""
