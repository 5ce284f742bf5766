"""The closing table of a run."""

from altitude.runs.result import RunResult

LABEL_WIDTH = 20


def closing_table(result: RunResult) -> str:
    """Shows best epoch, why training ended, scores, the model and its use, and the run.

    Lines are as long as their content: a path that is cut cannot be copied.

    Args:
        result: The result of the run.

    Returns:
        The lines of the table.
    """
    return "\n".join(f"{label:<{LABEL_WIDTH}}{value}" for label, value in result.rows())
