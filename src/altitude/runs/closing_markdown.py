"""The closing table of a run in Markdown, for the page of the run in MLflow."""

from altitude.runs.result import RunResult

LEFT_OUT = ("model", "use it", "run", "open")
"""Rows with paths of this machine, and the way to the page itself."""


def closing_markdown(result: RunResult) -> str:
    """Returns the rows of the closing table without local paths.

    Args:
        result: The result of the run.
    """
    shown = [(label, value) for label, value in result.rows() if label not in LEFT_OUT]
    lines = [f"| {label} | {value.replace('|', '/')} |" for label, value in shown]
    return "\n".join(["| result | |", "| --- | --- |", *lines])
