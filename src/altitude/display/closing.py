"""The closing table of a run."""

from rich.table import Table

from altitude.result import RunResult


def closing_table(result: RunResult) -> Table:
    """Shows best epoch, validation and test metrics, cuts, the model, and how to open the run."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    epochs = len(result.history.get("epoch_seconds", []))
    table.add_row("best epoch", f"{result.best_epoch} of {epochs}")
    for prefix, label in (("best_val_", "validation"), ("test_", "test")):
        scores = _scores(result, prefix)
        if scores:
            table.add_row(label, scores)
    cuts = ", ".join(f"epoch {epoch}" for epoch in result.learning_rate_cuts)
    table.add_row("learning-rate cuts", cuts or "none")
    table.add_row("model", str(result.model_path))
    table.add_row("run", result.run_id or "not tracked")
    if result.run_id:
        table.add_row("open", result.how_to_open)
    return table


def _scores(result: RunResult, prefix: str) -> str:
    scores = {k.removeprefix(prefix): v for k, v in result.metrics.items() if k.startswith(prefix)}
    return "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
