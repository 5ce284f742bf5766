"""The closing table of a run."""

from collections.abc import Iterator, Mapping
from statistics import median

from altitude.runs.result import RunResult

LABEL_WIDTH = 20

SCORES = {"validation": "best_val_", "test": "test_"}
"""The rows of scores, and how the names of their metrics begin."""


def closing_table(result: RunResult) -> str:
    """Shows best epoch, why training ended, scores, the model and its use, and the run.

    Lines are as long as their content: a path that is cut cannot be copied.
    """
    return "\n".join(f"{label:<{LABEL_WIDTH}}{value}" for label, value in closing_rows(result))


def closing_rows(result: RunResult) -> Iterator[tuple[str, str]]:
    """Yields the label and the value of each line."""
    seconds = result.metrics_by_epoch.get("epoch_seconds", [])
    yield "best epoch", f"{result.best_epoch} of {len(seconds)}"
    if result.stop_reason:
        yield "stopped", result.stop_reason
    if seconds:
        yield "time", f"{median(seconds):.1f} s an epoch, {sum(seconds):.1f} s in all"
    yield from _scores(result.metrics)
    if result.learning_rate_cuts:
        yield "learning-rate cuts", ", ".join(f"epoch {n}" for n in result.learning_rate_cuts)
    yield "model", str(result.model_path)
    if result.model_input:
        yield "takes", result.model_input
    if result.model_saved == "model":
        yield "use it", result.snippet
    for notice in result.notices:
        yield "notice", notice
    yield "run", result.run_id or "not tracked"
    if result.run_id:
        yield "open", result.how_to_open


def _scores(metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """The rows of validation and test, with the values of a metric right below each other."""
    rows = {
        label: {
            name.removeprefix(prefix): f"{value:.4f}"
            for name, value in metrics.items()
            if name.startswith(prefix)
        }
        for label, prefix in SCORES.items()
    }
    widths = {
        name: max(len(row.get(name, "")) for row in rows.values())
        for row in rows.values()
        for name in row
    }
    for label, row in rows.items():
        cells = [
            f"{name} {row[name]:>{width}}" if name in row else " " * (len(name) + 1 + width)
            for name, width in widths.items()
        ]
        if row:
            yield label, "  ".join(cells).rstrip()
