"""A leaderboard as a CSV file and as tables to read."""

import csv
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from altitude.sweeps.leaderboard.ranking import Standing
from altitude.sweeps.outcome import shown, swept_names


def write_csv(standings: Sequence[Standing], path: Path) -> None:
    """Writes all settings with all their final metrics, in full precision.

    Args:
        standings: What `leaderboard` returns.
        path: The file. NaN is written as an empty cell.
    """
    names = swept_names(standing.swept for standing in standings)
    metrics = list(dict.fromkeys(name for standing in standings for name in standing.metrics))
    goals = [goal.metric for goal in standings[0].goals] if standings else []
    spread = [f"{goals[0]}_std"] if goals else []
    others = [*goals[1:], *(name for name in metrics if name not in goals)]
    columns = ["rank", *names, *goals[:1], *spread, "count", *others, "on_front", "pruned", "runs"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for standing in standings:
            swept = [standing.swept.get(name, "") for name in names]
            scores = [standing.mean, standing.deviation, standing.count]
            more = [standing.metrics.get(name, math.nan) for name in others]
            flags = [standing.on_front, standing.pruned, " ".join(standing.run_ids)]
            writer.writerow(map(_cell, [standing.rank, *swept, *scores, *more, *flags]))


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else value
    return shown(value)


def as_text(standings: Sequence[Standing], limit: int = 10) -> str:
    """A table of the best settings for a terminal, and by how much the best one leads.

    Args:
        standings: What `leaderboard` returns.
        limit: How many settings are shown.
    """
    rows = _table(standings, limit)
    widths, numeric = _layout(rows)
    lines = ["  ".join(_aligned(row, widths, numeric)).rstrip() for row in rows]
    return "\n".join([*lines, *_notes(standings, limit)])


def as_markdown(standings: Sequence[Standing], limit: int = 10) -> str:
    """The same in Markdown, which reads well as plain text too."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in _table(standings, limit)]
    widths, numeric = _layout(rows)
    rules = ["-" * (w - 1) + ":" if n else "-" * w for w, n in zip(widths, numeric, strict=True)]
    aligned = [_aligned(row, widths, numeric) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in [*aligned[:1], rules, *aligned[1:]] if row]
    return "\n\n".join(["\n".join(lines), *_notes(standings, limit)]).strip() + "\n"


def _table(standings: Sequence[Standing], limit: int) -> list[list[str]]:
    """The heading and a row for each setting; columns that would say nothing are left out."""
    if not standings:
        return []
    names = swept_names(standing.swept for standing in standings)
    goals = standings[0].goals
    columns: dict[str, list[str]] = {"rank": [str(standing.rank) for standing in standings]}
    for name in names:
        columns[name] = [shown(s.swept[name]) if name in s.swept else "" for s in standings]
    columns[goals[0].metric] = [_score(standing.mean) for standing in standings]
    if any(standing.count > 1 for standing in standings):
        columns["std"] = [_score(standing.deviation) for standing in standings]
        columns["jobs"] = [str(standing.count) for standing in standings]
    for name in _other_metrics(standings):
        digits = 0 if all(_is_whole(s.metrics.get(name, 0.0)) for s in standings) else 4
        columns[name] = [_score(s.metrics.get(name, math.nan), digits) for s in standings]
    if len(goals) > 1:
        columns["front"] = ["yes" if standing.on_front else "" for standing in standings]
    if any(standing.pruned for standing in standings):
        columns["pruned"] = ["yes" if standing.pruned else "" for standing in standings]
    cells = zip(*columns.values(), strict=True)
    return [list(columns), *(list(row) for row in itertools.islice(cells, limit))]


def _other_metrics(standings: Sequence[Standing]) -> list[str]:
    """What is shown beside the first goal: other goals, the same score on test data, the epoch."""
    goals = [goal.metric for goal in standings[0].goals]
    tested = [metric.replace("best_val_", "test_") for metric in goals]
    wanted = dict.fromkeys([*goals[1:], *tested, "best_epoch"])
    known = {name for standing in standings for name in standing.metrics}
    return [name for name in wanted if name in known and name != goals[0]]


def _is_whole(value: float) -> bool:
    return math.isnan(value) or float(value).is_integer()


def _score(value: float, digits: int = 4) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _layout(rows: Sequence[Sequence[str]]) -> tuple[list[int], list[bool]]:
    """The width of each column, and whether it holds numbers, which are aligned to the right."""
    columns = list(zip(*rows, strict=True))
    widths = [max(3, *map(len, column)) for column in columns]
    return widths, [all(map(_is_number, column[1:])) for column in columns]


def _is_number(cell: str) -> bool:
    return not cell or cell == "null" or cell.lstrip("-")[:1].isdigit()


def _aligned(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    aligned = zip(row, widths, numeric, strict=True)
    return [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in aligned]


def _notes(standings: Sequence[Standing], limit: int) -> Iterator[str]:
    if len(standings) > limit:
        hidden = len(standings) - limit
        yield f"{hidden} more {'setting is' if hidden == 1 else 'settings are'} not shown"
    front = sum(standing.on_front for standing in standings)
    if standings and len(standings[0].goals) > 1:
        goals = " and ".join(goal.metric for goal in standings[0].goals)
        yield f"Pareto front of {goals}: {front} of {len(standings)} settings"
    yield lead(standings)


def lead(standings: Sequence[Standing]) -> str:
    """The best setting by the first goal, and by how much it leads, in a sentence."""
    if not standings:
        return "no job has finished"
    goal = standings[0].goals[0]
    first, *others = sorted(standings, key=lambda standing: goal.rank(standing.metrics))
    if math.isnan(first.mean):
        return f"no job has finished with {goal.metric}"
    best = f"best: {first.name or goal.metric}"
    if not others or math.isnan(others[0].mean):
        return best
    distance = abs(first.mean - others[0].mean)
    spreads = [s.deviation for s in (first, others[0]) if not math.isnan(s.deviation)]
    ahead = f"{distance:.4f} ahead of" if distance else "level with"
    if spreads and distance < max(spreads):
        return f"{best}, {ahead} the next: less than the spread over seeds, {max(spreads):.4f}"
    return f"{best}, {ahead} the next"
