"""The columns of a leaderboard, as text."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from altitude.sweeps.job_record import shown, swept_names
from altitude.sweeps.report.leaderboard.ranking import BEST_EPOCH, LeaderboardEntry

LEAST_WIDTH = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its heading.
        cells: The text of each setting's cell.
        optional: Whether it can be left out where there is not enough room.
    """

    name: str
    cells: tuple[str, ...]
    optional: bool = False

    @property
    def width(self) -> int:
        """The width of its widest cell, in characters."""
        return max(LEAST_WIDTH, *map(len, (self.name, *self.cells)))

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers, which are aligned to the right."""
        return all(map(_is_number, self.cells))

    @property
    def lines(self) -> list[str]:
        """The heading and the cells, all of one width."""
        align = str.rjust if self.is_numeric else str.ljust
        return [align(text, self.width) for text in (self.name, *self.cells)]

    @property
    def markdown_lines(self) -> list[str]:
        """The same with the rule below the heading that Markdown needs, and no open pipes."""
        escaped = [text.replace("|", "\\|") for text in (self.name, *self.cells)]
        heading, *cells = replace(self, name=escaped[0], cells=tuple(escaped[1:])).lines
        rule = "-" * (len(heading) - 1) + (":" if self.is_numeric else "-")
        return [heading, rule, *cells]


def columns_of(entries: Sequence[LeaderboardEntry], limit: int) -> list[Column]:
    """Returns the columns of the best settings, without those that carry no information.

    Args:
        entries: The rows, best first.
        limit: The largest number of rows to show.
    """
    if not entries:
        return []
    return [replace(column, cells=column.cells[:limit]) for column in _columns(entries)]


def _columns(entries: Sequence[LeaderboardEntry]) -> Iterator[Column]:
    goals = entries[0].goals
    yield _column("rank", [str(entry.rank) for entry in entries])
    for name in swept_names(entry.swept for entry in entries):
        yield _column(name, [shown(s.swept[name]) if name in s.swept else "" for s in entries])
    yield _column(goals[0].metric, [_score(entry.mean) for entry in entries])
    if any(entry.count > 1 for entry in entries):
        yield _column("std", [_score(s.deviation) for s in entries], optional=True)
        yield _column("jobs", [str(entry.count) for entry in entries], optional=True)
    for name in _other_metrics(entries):
        digits = 0 if name == BEST_EPOCH else 4
        scores = [_score(s.metrics.get(name, math.nan), digits) for s in entries]
        yield _column(name, scores, optional=True)
    if len(goals) > 1:
        yield _flags("front", [entry.on_front for entry in entries])
    if any(entry.pruned for entry in entries):
        yield _flags("pruned", [entry.pruned for entry in entries])


def _column(name: str, cells: Sequence[str], *, optional: bool = False) -> Column:
    return Column(name=name, cells=tuple(cells), optional=optional)


def _flags(name: str, flags: Sequence[bool]) -> Column:
    return _column(name, ["yes" if flag else "" for flag in flags], optional=True)


def _other_metrics(entries: Sequence[LeaderboardEntry]) -> list[str]:
    """What is shown beside the first goal: other goals, the same score on test data, the epoch."""
    goals = [goal.metric for goal in entries[0].goals]
    tested = [metric.replace("best_val_", "test_") for metric in goals]
    wanted = dict.fromkeys([*goals[1:], *tested, BEST_EPOCH])
    known = {name for entry in entries for name in entry.metrics}
    return [name for name in wanted if name in known and name != goals[0]]


def _score(value: float, digits: int = 4) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _is_number(cell: str) -> bool:
    return not cell or cell == "null" or cell.lstrip("-")[:1].isdigit()
