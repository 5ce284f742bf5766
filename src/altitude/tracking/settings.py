"""Where a run is logged."""

import os
from dataclasses import replace
from pathlib import Path

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.experiment.tracking import RunDescription, Tracking
from altitude.tracking.config_files import write_config
from altitude.tracking.fallback import local_store, note_meant_store
from altitude.tracking.run import NoRun, Run
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.tags import TRAJECTORY
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Mlflow(RunSettings, Tracking):
    """An MLflow store or server.

    MLflow's environment variables mean what they mean in MLflow, and settings that are given come
    before them. With `$MLFLOW_RUN_ID` that run is continued; a sweep's own run is that run then.
    See `RunSettings` for the settings.

    Example:
        >>> from altitude.tracking import Mlflow
        >>> settings = Mlflow(uri="sqlite:///mlflow.db", experiment_name="digits")
        >>> settings.check()  # raises a TrackingError if the store cannot be used
    """

    def check(self) -> None:
        """Makes sure, within seconds, that the store can be used; TensorFlow is not imported.

        Raises:
            TrackingError: If it cannot be used, or does not answer.
        """
        from altitude.tracking.preflight import require_usable
        from altitude.tracking.store import resolve_uri

        source = "tracking.uri" if self.uri else "MLFLOW_TRACKING_URI"
        require_usable(resolve_uri(self.uri), source)
        if os.environ.get("MLFLOW_RUN_ID") and not self.watched:
            from altitude.tracking.connection import connect, wrap_store_errors

            with wrap_store_errors():
                connect(self, os.environ["MLFLOW_RUN_ID"])  # raises if it does not exist

    def instead(self, folder: Path) -> "Mlflow | None":
        """Returns the store in the run's own folder, if it may take the place of this one."""
        if self.required or self.watched:
            return None
        return InOwnFolder(
            uri=local_store(folder),
            experiment_name=self.experiment_name,
            run_name=self.run_name,
            tags=self.tags,
            meant=self,
        )

    def interrupted_folders(self) -> list[Path]:
        """Returns the folders of runs of this job of a sweep that were killed, the latest first.

        Raises:
            TrackingError: If the store cannot be used.
        """
        if not self.watched:
            return []  # before MLflow is imported: the store has not been checked yet
        from altitude.tracking.folders import interrupted_folders

        return interrupted_folders(self)

    @property
    def is_shared(self) -> bool:
        """Whether another job of the sweep may continue the training of this one."""
        return TRAJECTORY in self.tags

    def shared_trainings(self) -> list[tuple[str, Path]]:
        """Returns the runs whose training this job of a sweep continues, the longest first.

        Raises:
            TrackingError: If the store cannot be used.
        """
        if not self.is_shared:
            return []
        from altitude.tracking.shared import finished_with_same_trajectory

        return finished_with_same_trajectory(self)

    def tagged(self, name: str, value: str) -> "Mlflow":
        """Returns the same store, for runs with one more tag.

        Args:
            name: The name of the tag.
            value: Its value.
        """
        return replace(self, tags={**self.tags, name: value})

    def relative_to(self, folder: Path) -> "Mlflow":
        """Returns the same store with an absolute path, so that any process finds it."""
        from altitude.tracking.store import resolve_uri

        return replace(self, uri=resolve_uri(self.uri, folder))

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
        from altitude.tracking.opening import open_mlflow_run

        return open_mlflow_run(self, description, resumed)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class InOwnFolder(Mlflow):
    """The store in a run's own folder, in place of one that did not answer.

    Attributes:
        meant: The settings of the store that did not answer.
    """

    meant: Mlflow

    def open(self, description: RunDescription, resumed: str | None = None) -> Run:
        """Opens a run, and writes down which store it was meant for."""
        opened = super().open(description, resumed)
        note_meant_store(self.meant, description.output_dir, opened.run_id)
        return opened


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Untracked(Tracking):
    """No tracking: files and the display are all that remains of a run.

    Attributes:
        uri: Not used; there so that the same overrides work with and without tracking.
        experiment_name: Not used.
        run_name: Not used.
        tags: Not used.

    Example:
        >>> from altitude import Experiment
        >>> from altitude.tracking import Untracked
        >>> Experiment(tracking=Untracked()).settings()["tracking"]["uri"] is None
        True
    """

    uri: str | None = None
    experiment_name: str | None = None
    run_name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    def check(self) -> None:
        """No-op: there is no store."""

    def instead(self, folder: Path) -> None:  # noqa: ARG002
        """Returns None: there is no store that could be away."""
        return

    def interrupted_folders(self) -> list[Path]:
        """Returns no folders: runs that are not tracked are not recorded anywhere."""
        return []

    def shared_trainings(self) -> list[tuple[str, Path]]:
        """Returns none: runs that are not tracked are not recorded anywhere."""
        return []

    def tagged(self, name: str, value: str) -> "Untracked":  # noqa: ARG002
        """Returns the same settings: there is nothing that could have a tag."""
        return self

    def relative_to(self, folder: Path) -> "Untracked":  # noqa: ARG002
        """Returns the same settings, which have no path."""
        return self

    def open(self, description: RunDescription, resumed: str | None = None) -> Run:  # noqa: ARG002
        """Returns a run that logs nothing; its config is in its folder all the same."""
        write_config(description)
        return NoRun(description.output_dir)
