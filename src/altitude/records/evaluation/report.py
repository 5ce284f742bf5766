"""What there is to say of the predictions of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from altitude.data.arrays import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """A table with a title.

    Attributes:
        title: What it shows.
        columns: The names of its columns.
        rows: Its cells, as text.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Report:
    """Scores, tables and pictures of the predictions for one split.

    Attributes:
        scores: Values by name, in addition to the metrics of the run.
        tables: Tables, the most important one first.
        pictures: Figures by name, which is that of the file and in words the title.
        by_example: Values whose mean is a metric, (examples,), by the name of that.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    pictures: Mapping[str, Figure] = field(default_factory=dict)
    by_example: Mapping[str, Array] = field(default_factory=dict)

    @property
    def examples(self) -> int:
        """The number of examples; 0 if it is not known."""
        return max(map(len, self.by_example.values()), default=0)
