"""By how much the best setting of a sweep leads, and whether that says anything."""

import math
from collections.abc import Sequence

from altitude.sweeps.leaderboard.ranking import Standing


def lead(standings: Sequence[Standing]) -> str:
    """The best setting by the first goal, and by how much it leads, in a sentence.

    With repeats over seeds the lead is compared with their spread, without them with the standard
    error of the metric on the validation examples, where that is known.

    Args:
        standings: What `leaderboard` returns.
    """
    if not standings:
        return "no job has finished"
    goal = standings[0].goals[0]
    first, *others = sorted(standings, key=lambda standing: goal.rank(standing.metrics))
    if math.isnan(first.mean):
        return f"no job has finished with {goal.metric}"
    best = f"best: {first.name}"
    if not others or math.isnan(others[0].mean):
        return best + _spread(first)
    level = [standing for standing in others if standing.mean == first.mean]
    if level:
        more = f" and {len(level) - 1} more" if len(level) > 1 else ""
        return f"{best}, in a tie with {level[0].name}{more}"
    distance = abs(first.mean - others[0].mean)
    return f"{best}, {distance:.4f} ahead of the next{_judged(distance, first, others[0])}"


def _spread(standing: Standing) -> str:
    """What repeats of the only setting come to."""
    if math.isnan(standing.deviation):
        return ""
    metric, count = standing.goals[0].metric, standing.count
    mean, deviation = standing.mean, standing.deviation
    return f", {metric} {mean:.4f} with a spread of {deviation:.4f} over {count} seeds"


def standard_error(standing: Standing) -> float:
    """The standard error of a setting's accuracy on its validation examples.

    That of a share p among n examples, sqrt(p (1 - p) / n). NaN for any other metric, whose spread
    over the examples is not known, and where the number of examples is not.
    """
    metric, share = standing.goals[0].metric.removeprefix("best_"), standing.mean
    examples = standing.best.validation_examples
    is_share = metric.startswith("val_") and metric.endswith("accuracy") and 0 <= share <= 1
    return math.sqrt(share * (1 - share) / examples) if is_share and examples else math.nan


def _judged(distance: float, first: Standing, second: Standing) -> str:
    spreads = [s.deviation for s in (first, second) if not math.isnan(s.deviation)]
    if spreads:
        spread = max(spreads)
        return f": less than the spread over seeds, {spread:.4f}" if distance < spread else ""
    errors = [e for e in map(standard_error, (first, second)) if not math.isnan(e)]
    if not errors:
        return ""
    examples = first.best.validation_examples
    error = f"standard error on {examples} validation examples is {max(errors):.4f}"
    return f": within the noise, the {error}" if distance < max(errors) else f"; the {error}"
