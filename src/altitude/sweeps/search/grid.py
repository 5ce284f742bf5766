"""Every combination of values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic.dataclasses import dataclass

from altitude.errors import Problem
from altitude.sweeps.plan.space import Space
from altitude.sweeps.search.proposals import EveryCombination, Search, SweepContext
from altitude.sweeps.settings import Sweep
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Grid(Sweep):
    """Every combination of the values that are swept."""

    def problems_with(self, space: Space) -> list[Problem]:
        """Finds the overrides whose values cannot be listed."""
        return [
            Problem(
                str(override.key_or_group),
                str(override.input_line).partition("=")[2],
                "values that can be listed: a grid has no end otherwise",
                f"{override.key_or_group}=1e-4,1e-3,1e-2, or let a search choose: sweep=optuna",
            )
            for override in space.swept
            if not override.is_discrete_sweep()
        ]

    def combinations(self, space: Space) -> Iterator[tuple[str, ...]]:
        """Returns all combinations: each is composed and checked before the first job."""
        return space.grid()

    def search_settings(self, spaces: Sequence[Space]) -> Mapping[str, Any]:  # noqa: ARG002
        """Returns no settings: a grid is determined by its jobs."""
        return {}

    def begin(self, spaces: Sequence[Space], study: SweepContext) -> Search:  # noqa: ARG002
        """Returns a search that proposes every combination at once."""
        return EveryCombination([job for space in spaces for job in space.grid()])
