"""Interfaces of tracking."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

Status = Literal["FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True, kw_only=True)
class RunDescription:
    """The description of a run that is tracked.

    Attributes:
        name: The name of the run, unless one is configured.
        settings: All settings, as plain values.
        portable_settings: The same with the paths of its files relative to its folder.
        overrides: The overrides of the defaults, as typed on the command line.
        output_dir: The folder with the files of the run.
        tags: The tags to start the run with.
    """

    name: str
    settings: Mapping[str, Any]
    portable_settings: Mapping[str, Any]
    overrides: Sequence[str]
    output_dir: Path
    tags: Mapping[str, str]


class Run(Protocol):
    """A run that has been opened.

    None of these methods raises once the run is open: tracking never costs a run.
    """

    @property
    def run_id(self) -> str | None:
        """MLflow's id; None if the run is not tracked."""

    @property
    def how_to_open(self) -> str:
        """The instructions to open the run in MLflow's UI."""

    @property
    def notice(self) -> str:
        """A notice for the end of the run; empty if there is none."""

    @property
    def asked_to_stop(self) -> str:
        """The reason of a request to stop; empty if there was none."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs metrics of one epoch.

        Args:
            metrics: The values, by name.
            step: The epoch, counted from 0.
        """

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """Logs a file in a folder of the run's artifacts, under its own name.

        Args:
            path: The file to copy.
            folder: The folder relative to the root of the artifacts; the root itself by default.
        """

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags; those that the user has set, such as a description, stay.

        Args:
            tags: The values, by name.
        """

    def close(self, status: Status) -> None:
        """Ends the run.

        Args:
            status: How the run ended, as MLflow names it.
        """


class Tracking(ABC):
    """The place where runs are logged."""

    @abstractmethod
    def check(self) -> None:
        """Checks within seconds, without importing TensorFlow, that a run can be opened.

        Raises:
            TrackingError: If it cannot.
        """

    @abstractmethod
    def instead(self, folder: Path) -> Self | None:
        """Returns where a run may be logged if `check` fails; None if it must not be started.

        Args:
            folder: The folder of the run.
        """

    @abstractmethod
    def interrupted_folders(self) -> list[Path]:
        """Returns the folders in which this run may have been killed, as a job of a sweep is.

        Raises:
            TrackingError: If the store cannot be used.
        """

    @property
    def is_shared(self) -> bool:
        """Whether another run may continue the training of this one when it has finished."""
        return False

    @abstractmethod
    def shared_trainings(self) -> list[tuple[str, Path]]:
        """Returns the id and the folder of each finished run whose training this one continues.

        Raises:
            TrackingError: If the store cannot be used.
        """

    @abstractmethod
    def tagged(self, name: str, value: str) -> Self:
        """Returns a copy with one more tag for its runs.

        Args:
            name: The name of the tag.
            value: Its value.
        """

    @abstractmethod
    def relative_to(self, folder: Path) -> Self:
        """Returns a copy whose relative paths start in the given folder.

        Args:
            folder: The folder of the run, or of the sweep.
        """

    @abstractmethod
    def open(self, description: RunDescription, resumed: str | None = None) -> Run:
        """Opens a run.

        Args:
            description: The run as it was configured.
            resumed: The id of the run that is resumed; None for a new run.

        Returns:
            The open run.

        Raises:
            TrackingError: If the store cannot be used or the server does not answer.
        """
