"""A leaderboard as a CSV file."""

import csv
import math
from collections.abc import Sequence
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
