"""A leaderboard as tables to read."""

import textwrap
from collections.abc import Iterator, Sequence

from altitude.sweeps.leaderboard.columns import Column, columns_of
from altitude.sweeps.leaderboard.lead import lead
from altitude.sweeps.leaderboard.ranking import Standing

INDENT = "      "


def as_text(standings: Sequence[Standing], limit: int = 10, width: int | None = None) -> str:
    """A table of the best settings for a terminal, and by how much the best one leads.

    Args:
        standings: What `leaderboard` returns.
        limit: How many settings are shown.
        width: Of the terminal, in columns. Where the table is wider, columns that do not rank the
            settings are left out; if it still is, each setting has lines of its own.
    """
    columns, hidden = _fitted(columns_of(standings, limit), width)
    if width is not None and _width(columns) > width:
        lines = list(_stacked(standings[:limit], width))
    else:
        rows = _rows(columns)
        lines = ["  ".join(_aligned(row, columns)).rstrip() for row in rows]
    if hidden:
        lines.append(f"not shown, but in leaderboard.csv: {', '.join(hidden)}")
    return "\n".join([*lines, *_notes(standings, limit), lead(standings)])


def as_markdown(standings: Sequence[Standing], limit: int = 10) -> str:
    """The same in Markdown, which reads well as plain text too."""
    return f"{markdown_table(standings, limit)}\n\n{lead(standings)}".strip() + "\n"


def markdown_table(standings: Sequence[Standing], limit: int = 10) -> str:
    """The table alone in Markdown, without by how much the best setting leads."""
    columns = [column.escaped() for column in columns_of(standings, limit)]
    rules = ["-" * (c.width - 1) + ":" if c.is_numeric else "-" * c.width for c in columns]
    aligned = [_aligned(row, columns) for row in _rows(columns)]
    lines = [f"| {' | '.join(row)} |" for row in [*aligned[:1], rules, *aligned[1:]] if row]
    return "\n\n".join(["\n".join(lines), *_notes(standings, limit)])


def _fitted(columns: Sequence[Column], width: int | None) -> tuple[list[Column], list[str]]:
    """The columns that fit, and the names of those that were left out for it."""
    kept: list[Column] = list(columns)
    hidden: list[str] = []
    while width is not None and _width(kept) > width:
        optional = [column for column in kept if column.optional]
        if not optional:
            break
        kept.remove(optional[-1])
        hidden.insert(0, optional[-1].name)
    return kept, hidden


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + 2 * max(0, len(columns) - 1)


def _stacked(standings: Sequence[Standing], width: int) -> Iterator[str]:
    for standing in standings:
        metric = standing.goals[0].metric
        yield f"{standing.rank:>4}  {metric} {standing.mean:.4f}"
        yield from textwrap.wrap(
            standing.name,
            width,
            initial_indent=INDENT,
            subsequent_indent=INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _rows(columns: Sequence[Column]) -> list[list[str]]:
    if not columns:
        return []
    cells = zip(*(column.cells for column in columns), strict=True)
    return [[column.name for column in columns], *(list(row) for row in cells)]


def _aligned(row: Sequence[str], columns: Sequence[Column]) -> list[str]:
    return [column.aligned(cell) for cell, column in zip(row, columns, strict=True)]


def _notes(standings: Sequence[Standing], limit: int) -> Iterator[str]:
    if len(standings) > limit:
        hidden = len(standings) - limit
        yield f"{hidden} more {'setting is' if hidden == 1 else 'settings are'} not shown"
    front = sum(standing.on_front for standing in standings)
    if standings and len(standings[0].goals) > 1:
        goals = " and ".join(goal.metric for goal in standings[0].goals)
        yield f"Pareto front of {goals}: {front} of {len(standings)} settings"
