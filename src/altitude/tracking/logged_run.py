"""A run as MLflow has recorded it: found by its id, read, and added to."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlflow.entities import Metric, Run, RunTag
from mlflow.tracking import MlflowClient

from altitude.tracking.connection import quiet_client, wrap_store_errors
from altitude.tracking.params import valid_name
from altitude.tracking.preflight import require_usable
from altitude.tracking.store import resolve_uri
from altitude.tracking.tags import FOLDER, ROLE, SUMMARY, SWEEP_ID

MOST_EXPERIMENTS = 10_000


@dataclass(frozen=True)
class LoggedRun:
    """A run in an MLflow store.

    Attributes:
        uri: Tracking URI of the store.
        run_id: MLflow's id of the run.
    """

    uri: str
    run_id: str

    @cached_property
    def run(self) -> Run:
        """The run with its tags, parameters and latest metrics.

        Raises:
            TrackingError: If the store cannot be used, or has no such run.
        """
        with wrap_store_errors():
            return self._client.get_run(self.run_id)

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the run."""
        return dict(self.run.data.tags)

    @property
    def folder(self) -> Path | None:
        """The folder of the run's files on the machine where it ran; None if it has none."""
        folder = self.tags.get(FOLDER)
        return Path(folder) if folder else None

    def history(self) -> dict[str, dict[int, float]]:
        """Returns the values of every metric, by step.

        Raises:
            TrackingError: If the store cannot be used.
        """
        with wrap_store_errors():
            return {name: self._values(name) for name in self.run.data.metrics}

    def has_artifact(self, name: str) -> bool:
        """Returns whether a file is among the run's artifacts.

        Args:
            name: Path of the file, relative to the root of the artifacts.

        Raises:
            TrackingError: If the store cannot be used.
        """
        folder = str(Path(name).parent)
        with wrap_store_errors():
            listed = self._client.list_artifacts(self.run_id, None if folder == "." else folder)
        return name in {file.path for file in listed}

    def download(self, name: str, folder: Path) -> Path:
        """Downloads one artifact.

        Args:
            name: Path of the artifact, relative to the root of the artifacts.
            folder: Where it is put, under the same relative path.

        Returns:
            The file on this machine.

        Raises:
            TrackingError: If the store cannot be used, or if the run has no such artifact.
        """
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # MLflow's repositories differ in whether they keep the folder of a single file.
        with wrap_store_errors(), tempfile.TemporaryDirectory(dir=folder) as downloads:
            found = self._client.download_artifacts(self.run_id, name, downloads)
            return Path(shutil.copy(found, target))

    def add(self, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """Adds metrics, at step 0, and tags.

        Args:
            metrics: Values by name; what MLflow refuses in a name is replaced.
            tags: Values by name.

        Raises:
            TrackingError: If the store cannot be used.
        """
        now = int(time.time() * 1000)
        points = [Metric(valid_name(name), value, now, 0) for name, value in metrics.items()]
        batch = [RunTag(name, value) for name, value in (tags or {}).items()]
        with wrap_store_errors():
            self._client.log_batch(self.run_id, metrics=points, tags=batch)

    def add_artifacts(self, paths: Sequence[Path], folder: str) -> None:
        """Adds files to the run's artifacts.

        Args:
            paths: The files.
            folder: Folder among the artifacts.

        Raises:
            TrackingError: If the store cannot be used.
        """
        with wrap_store_errors():
            for path in paths:
                self._client.log_artifact(self.run_id, str(path), folder)

    def _values(self, name: str) -> dict[int, float]:
        points = self._client.get_metric_history(self.run_id, name)
        return {point.step: point.value for point in points}

    @cached_property
    def _client(self) -> MlflowClient:
        return quiet_client(self.uri)


def find_logged_runs(beginning: str, uri: str | None = None) -> list[LoggedRun]:
    """Returns the runs of a store whose id begins with a text.

    Args:
        beginning: The beginning of an id, or all of it.
        uri: Tracking URI; None for `$MLFLOW_TRACKING_URI` or the store in the working folder.

    Raises:
        TrackingError: If the store cannot be used, or does not answer.
    """
    return _search(f"attributes.run_id LIKE '{_quoted(beginning)}%'", uri)


def find_sweep_summaries(beginning: str, uri: str | None = None) -> list[LoggedRun]:
    """Returns the runs that sum up sweeps, the latest first.

    Args:
        beginning: The beginning of a sweep's id, or all of it; empty for every sweep.
        uri: Tracking URI; None for `$MLFLOW_TRACKING_URI` or the store in the working folder.

    Raises:
        TrackingError: If the store cannot be used, or does not answer.
    """
    conditions = [f"tags.`{ROLE}` = '{SUMMARY}'"]
    conditions += [f"tags.`{SWEEP_ID}` LIKE '{_quoted(beginning)}%'"] if beginning else []
    return _search(" and ".join(conditions), uri)


@wrap_store_errors()
def _search(condition: str, uri: str | None) -> list[LoggedRun]:
    resolved = resolve_uri(uri)
    require_usable(resolved, "tracking.uri" if uri else "MLFLOW_TRACKING_URI")
    client = quiet_client(resolved)
    found = client.search_experiments(max_results=MOST_EXPERIMENTS)
    experiments = [experiment.experiment_id for experiment in found]
    order = ["attributes.start_time DESC"]
    runs = client.search_runs(experiments, condition, max_results=100, order_by=order)
    return [LoggedRun(resolved, run.info.run_id) for run in runs]


def _quoted(text: str) -> str:
    """Returns a text as a part of a filter; MLflow has no escape for its wildcards and quotes."""
    return "".join(character for character in text if character.isalnum() or character == "-")
