"""A leaderboard as tables to read."""

import textwrap
from collections.abc import Iterator, Sequence

from altitude.sweeps.report.leaderboard.columns import Column, columns_of
from altitude.sweeps.report.leaderboard.lead import lead
from altitude.sweeps.report.leaderboard.ranking import LeaderboardEntry

INDENT = "      "


def as_text(entries: Sequence[LeaderboardEntry], limit: int = 10, width: int | None = None) -> str:
    """Returns a table of the best settings for a terminal, and the lead of the best one.

    Args:
        entries: The rows, best first.
        limit: The largest number of rows to show.
        width: The width of the terminal in columns. Columns that do not rank the settings are left
            out of a wider table; if it still is, each setting gets lines of its own. None does not
            limit it.
    """
    columns, hidden = _fitted(columns_of(entries, limit), width)
    if width is not None and _width(columns) > width:
        lines = list(_stacked(entries[:limit], width))
    else:
        rows = zip(*(column.lines for column in columns), strict=True)
        lines = ["  ".join(row).rstrip() for row in rows]
    if hidden:
        lines.append(f"not shown, but in leaderboard.csv: {', '.join(hidden)}")
    return "\n".join([*lines, *_notes(entries, limit), lead(entries)])


def as_markdown(entries: Sequence[LeaderboardEntry], limit: int = 10) -> str:
    """Returns the leaderboard in Markdown, which reads well as plain text too.

    Args:
        entries: The rows, best first.
        limit: The largest number of rows to show.
    """
    return f"{markdown_table(entries, limit)}\n\n{lead(entries)}".strip() + "\n"


def markdown_table(entries: Sequence[LeaderboardEntry], limit: int = 10) -> str:
    """Returns the table alone in Markdown, without the lead of the best setting.

    Args:
        entries: The rows, best first.
        limit: The largest number of rows to show.
    """
    columns = [column.markdown_lines for column in columns_of(entries, limit)]
    lines = [f"| {' | '.join(row)} |" for row in zip(*columns, strict=True)]
    return "\n\n".join(["\n".join(lines), *_notes(entries, limit)])


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


def _stacked(entries: Sequence[LeaderboardEntry], width: int) -> Iterator[str]:
    for entry in entries:
        metric = entry.goals[0].metric
        yield f"{entry.rank:>4}  {metric} {entry.mean:.4f}"
        yield from textwrap.wrap(
            entry.name,
            width,
            initial_indent=INDENT,
            subsequent_indent=INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _notes(entries: Sequence[LeaderboardEntry], limit: int) -> Iterator[str]:
    if len(entries) > limit:
        hidden = len(entries) - limit
        yield f"{hidden} more {'setting is' if hidden == 1 else 'settings are'} not shown"
    front = sum(entry.on_front for entry in entries)
    if entries and len(entries[0].goals) > 1:
        goals = " and ".join(goal.metric for goal in entries[0].goals)
        yield f"Pareto front of {goals}: {front} of {len(entries)} settings"
