"""The scores of a run as rows of text."""

from collections.abc import Iterator, Mapping

SCORES = {"validation": "best_val_", "test": "test_"}
"""The rows, and how the names of their metrics begin."""


def score_rows(metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yields the rows of the scores of validation and test, aligned by metric.

    Args:
        metrics: The results of a run, by name.

    Yields:
        The label and the text of a row.
    """
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
