"""The closing table of a run."""

from collections.abc import Iterator

from altitude.result import RunResult

LABEL_WIDTH = 20


def closing_table(result: RunResult) -> str:
    """Shows best epoch, validation and test metrics, cuts, the model, and how to open the run.

    Lines are as long as their content: a path that is cut cannot be copied.
    """
    return "\n".join(f"{label:<{LABEL_WIDTH}}{value}" for label, value in _rows(result))


def _rows(result: RunResult) -> Iterator[tuple[str, str]]:
    epochs = len(result.history.get("epoch_seconds", []))
    yield "best epoch", f"{result.best_epoch} of {epochs}"
    for prefix, label in (("best_val_", "validation"), ("test_", "test")):
        scores = _scores(result, prefix)
        if scores:
            yield label, scores
    cuts = ", ".join(f"epoch {epoch}" for epoch in result.learning_rate_cuts)
    yield "learning-rate cuts", cuts or "none"
    if result.traces:
        yield "traces", ", ".join(f"{name} {count}" for name, count in result.traces.items())
    yield "model", str(result.model_path)
    yield "run", result.run_id or "not tracked"
    if result.run_id:
        yield "open", result.how_to_open


def _scores(result: RunResult, prefix: str) -> str:
    scores = {k.removeprefix(prefix): v for k, v in result.metrics.items() if k.startswith(prefix)}
    return "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
