"""What a tracked run takes, and a run that is not tracked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

Status = Literal["FINISHED", "FAILED", "KILLED"]

DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows, as Markdown, at the top of a run's page."""


class Run(Protocol):
    """A run that has been opened.

    None of these methods raises once the run is open: tracking never costs a run.
    """

    @property
    def run_id(self) -> str | None:
        """MLflow's id; None if the run is not tracked."""

    @property
    def how_to_open(self) -> str:
        """How to look at the run, in words."""

    @property
    def notice(self) -> str:
        """What a person must be told at the end; empty if all is well."""

    @property
    def asked_to_stop(self) -> str:
        """Why the run was asked to stop from outside; empty if it was not."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs metrics of one epoch."""

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """Logs a file in a folder of the run's artifacts, under its own name."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags; those that the user has set, such as a description, stay."""

    def close(self, status: Status) -> None:
        """Ends the run."""


class NoRun:
    """A run that is not tracked.

    Args:
        output_dir: Folder with the files of the run.
    """

    run_id: str | None = None
    notice = ""
    asked_to_stop = ""

    def __init__(self, output_dir: Path) -> None:
        self.how_to_open = f"not tracked; its files are in {output_dir}"

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs nothing."""

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """Logs nothing."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets nothing."""

    def close(self, status: Status) -> None:
        """Ends nothing."""
