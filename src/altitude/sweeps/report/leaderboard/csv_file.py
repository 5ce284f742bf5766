"""A leaderboard as a CSV file."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from altitude.sweeps.job_record import shown, swept_names
from altitude.sweeps.report.leaderboard.ranking import LeaderboardEntry


def write_csv(entries: Sequence[LeaderboardEntry], path: Path) -> None:
    """Writes all settings with all their final metrics, in full precision.

    Args:
        entries: The rows, best first.
        path: The file. NaN is written as an empty cell.
    """
    names = swept_names(entry.swept for entry in entries)
    metrics = list(dict.fromkeys(name for entry in entries for name in entry.metrics))
    goals = [goal.metric for goal in entries[0].goals] if entries else []
    spread = [f"{goals[0]}_std"] if goals else []
    others = [*goals[1:], *(name for name in metrics if name not in goals)]
    columns = ["rank", *names, *goals[:1], *spread, "count", *others, "on_front", "pruned", "runs"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for entry in entries:
            swept = [entry.swept.get(name, "") for name in names]
            scores = [entry.mean, entry.deviation, entry.count]
            more = [entry.metrics.get(name, math.nan) for name in others]
            flags = [entry.on_front, entry.pruned, " ".join(entry.run_ids)]
            writer.writerow(map(_cell, [entry.rank, *swept, *scores, *more, *flags]))


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else value
    return shown(value)
