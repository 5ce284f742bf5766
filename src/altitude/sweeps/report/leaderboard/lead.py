"""The lead of the best setting of a sweep, compared with its standard error."""

import math
from collections.abc import Sequence

from altitude.sweeps.report.leaderboard.ranking import LeaderboardEntry


def lead(entries: Sequence[LeaderboardEntry]) -> str:
    """Returns a sentence with the best setting by the first goal, and its lead.

    With repeats over seeds or folds the lead is compared with their spread, without them with the
    standard error of the metric on the validation examples, where that is known.

    Args:
        entries: The rows, best first.
    """
    if not entries:
        return "no job has finished"
    goal = entries[0].goals[0]
    first, *others = sorted(entries, key=lambda entry: goal.rank(entry.metrics))
    if math.isnan(first.mean):
        return f"no job has finished with {goal.metric}"
    best = f"best: {first.name}"
    if not others or math.isnan(others[0].mean):
        return best + _spread(first)
    level = [entry for entry in others if entry.mean == first.mean]
    if level:
        more = f" and {len(level) - 1} more" if len(level) > 1 else ""
        return f"{best}, in a tie with {level[0].name}{more}"
    distance = abs(first.mean - others[0].mean)
    return f"{best}, {distance:.4f} ahead of the next{_judged(distance, first, others[0])}"


def _spread(entry: LeaderboardEntry) -> str:
    """What repeats of the only setting come to."""
    if math.isnan(entry.deviation):
        return ""
    metric, count = entry.goals[0].metric, entry.count
    mean, deviation = entry.mean, entry.deviation
    return f", {metric} {mean:.4f} with a spread of {deviation:.4f} over {count} {entry.repeats}"


def standard_error(entry: LeaderboardEntry) -> float:
    """Returns the standard error of a setting's accuracy on its validation examples.

    That of a share p among n examples, sqrt(p (1 - p) / n). NaN for any other metric, whose spread
    over the examples is not known, and where the number of examples is not.

    For a proportion p of n examples it is sqrt(p (1 - p) / n).

    Args:
        entry: A row of the leaderboard.

    Returns:
        NaN if the metric is no accuracy, or the number of examples is not known.
    """
    metric, share = entry.goals[0].metric.removeprefix("best_"), entry.mean
    examples = entry.best.validation_examples
    is_share = metric.startswith("val_") and metric.endswith("accuracy") and 0 <= share <= 1
    return math.sqrt(share * (1 - share) / examples) if is_share and examples else math.nan


def _judged(distance: float, first: LeaderboardEntry, second: LeaderboardEntry) -> str:
    spreads = [s.deviation for s in (first, second) if not math.isnan(s.deviation)]
    if spreads:
        spread = max(spreads)
        over = f"less than the spread over {first.repeats}, {spread:.4f}"
        return f": {over}" if distance < spread else ""
    errors = [e for e in map(standard_error, (first, second)) if not math.isnan(e)]
    if not errors:
        return ""
    examples = first.best.validation_examples
    error = f"standard error on {examples} validation examples is {max(errors):.4f}"
    return f": within the noise, the {error}" if distance < max(errors) else f"; the {error}"
