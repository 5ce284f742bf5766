"""Runs side by side: first what differs in how they were trained, then their scores and curves."""

import math
from collections.abc import Iterator, Mapping, Sequence

from altitude.display.columns import aligned
from altitude.display.sparkline import BLOCKS, sparkline
from altitude.records.differences import ABSENT, SURROUNDINGS, differences
from altitude.records.record import RunRecord
from altitude.runs.result import RunResult
from altitude.tracking.tags import VALIDATION_EXAMPLES

COMPARED = (*SURROUNDINGS, "dataset.fingerprint")
"""The beginnings of the tags that are compared."""

SAME = "the same in all of them"
NOT_CURVES = ("epoch_seconds",)
Row = tuple[str, ...]


def compare_runs(records: Sequence[RunRecord], levels: str = BLOCKS) -> str:
    """Compares runs.

    Args:
        records: The runs, all of which have finished; scores are compared with the first one's.
        levels: Characters of the curves, from the lowest to the highest value.

    Returns:
        The lines of the comparison.

    Raises:
        ConfigError: If a run has not finished, or has no config.
        DataError: If a result is damaged.
        TrackingError: If the tracking store cannot be used.
    """
    results = [record.result for record in records]
    tags = [record.tags for record in records]
    sections: dict[str, list[Row]] = {
        "runs": [(str(number), record.name) for number, record in enumerate(records, 1)],
        "config, where it differs": _numbered(differences([r.settings for r in records])),
        "code, versions, data and machine": _numbered(_surroundings(tags)),
        "scores": list(_scores(results, tags)),
        "curves": list(_curves(results, levels)),
    }
    parts = ["\n".join([name, *aligned(rows)]) for name, rows in sections.items()]
    return "\n\n".join(parts)


def _numbered(rows: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rows below the numbers of the runs, or a word that there are none."""
    listed = [(key, *values) for key, values in rows.items()]
    return [_header(len(listed[0]) - 1), *listed] if listed else [(SAME,)]


def _header(runs: int) -> Row:
    return ("", *(str(number) for number in range(1, runs + 1)))


def _surroundings(tags: Sequence[Mapping[str, str]]) -> dict[str, Row]:
    names = dict.fromkeys(name for each in tags for name in each if name.startswith(COMPARED))
    rows = {name: tuple(each.get(name, ABSENT) for each in tags) for name in names}
    return {name: values for name, values in rows.items() if len(set(values)) > 1}


def _scores(results: Sequence[RunResult], tags: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    yield _header(len(results))
    for name in dict.fromkeys(name for result in results for name in result.metrics):
        values = [result.metrics.get(name, math.nan) for result in results]
        error = max(map(_standard_error, [name] * len(values), values, tags))
        others = (_with_difference(value, values[0], error) for value in values[1:])
        yield name, f"{values[0]:.4g}", *others


def _with_difference(value: float, first: float, error: float) -> str:
    """A score, and how far it is from that of the first run."""
    difference = value - first
    if difference == 0:
        return f"{value:.4g} (equal)"
    noise = ", within the noise" if abs(difference) <= error else ""
    return f"{value:.4g} ({difference:+.4g}{noise})"


def _standard_error(name: str, value: float, tags: Mapping[str, str]) -> float:
    """The standard error of a share of the validation examples; 0 if it is not known."""
    examples = int(tags.get(VALIDATION_EXAMPLES, 0))
    is_share = name.startswith("best_val_") and name.endswith("accuracy") and 0 <= value <= 1
    return math.sqrt(value * (1 - value) / examples) if is_share and examples else 0.0


def _curves(results: Sequence[RunResult], levels: str) -> Iterator[Row]:
    """A line for each run and metric."""
    names = dict.fromkeys(name for result in results for name in result.metrics_by_epoch)
    for name in names:
        curves = [list(result.metrics_by_epoch.get(name, [])) for result in results]
        if name in NOT_CURVES or not any(curves):
            continue
        for number, values in enumerate(curves, 1):
            ends = f"{values[0]:.4g} to {values[-1]:.4g}" if values else ABSENT
            label = name if number == 1 else ""
            yield label, str(number), sparkline(values, levels) if values else "", ends
