"""The interface of a run, and a run that is not tracked."""

from collections.abc import Mapping
from pathlib import Path

from altitude.experiment.tracking import Run, RunDescription, Status

DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows, as Markdown, at the top of a run's page."""

__all__ = ["DESCRIPTION", "NoRun", "Run", "RunDescription", "Status"]


class NoRun:
    """A run that is not tracked.

    Args:
        output_dir: The folder with the files of the run.
    """

    run_id: str | None = None
    notice = ""
    asked_to_stop = ""

    def __init__(self, output_dir: Path) -> None:
        self.how_to_open = f"not tracked; its files are in {output_dir}"

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """No-op: the run is not tracked."""

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """No-op: the run is not tracked."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """No-op: the run is not tracked."""

    def close(self, status: Status) -> None:
        """No-op: the run is not tracked."""
