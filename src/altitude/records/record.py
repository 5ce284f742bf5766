"""The record of a run: its files and what MLflow has of it, here or on a tracking server."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from altitude.errors import ConfigError, Problem
from altitude.runs.result import RunResult
from altitude.runs.result_file import RESULT, read_result
from altitude.tracking.config_files import CONFIG, OVERRIDES
from altitude.tracking.store import without_password

if TYPE_CHECKING:
    from altitude.tracking.logged_run import LoggedRun

MODEL, WEIGHTS = "best.keras", "best.weights.h5"
"""The best model or, where it could not be saved, its weights: files of a run."""


@dataclass(frozen=True)
class RunRecord:
    """What is known of a run that was begun once, wherever that was.

    Attributes:
        name: How the run is called in messages: its id, or its folder.
        folder: The run's folder; None if it is not on this machine.
        run_id: MLflow's id of the run; None if it was not tracked.
        uri: Tracking URI of its store; None if it was not tracked.
        model: The file of the best model, where it is not among the files of the run.
    """

    name: str
    folder: Path | None = None
    run_id: str | None = None
    uri: str | None = None
    model: Path | None = None

    @cached_property
    def logged(self) -> LoggedRun | None:
        """The run in MLflow, which is imported here; None if it was not tracked."""
        from altitude.tracking.logged_run import LoggedRun

        if self.run_id is None or self.uri is None:
            return None
        return LoggedRun(self.uri, self.run_id)

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the run in MLflow; none if it was not tracked.

        Raises:
            TrackingError: If the tracking store cannot be used.
        """
        return {} if self.logged is None else self.logged.tags

    @property
    def model_file(self) -> Path:
        """The file of the best model.

        Raises:
            ConfigError: If the run has saved no model, or only its weights.
            TrackingError: If the tracking store cannot be used.
        """
        return self.model or self.file(MODEL)

    @property
    def weights_file(self) -> Path:
        """The file of the best model or, where only its weights could be saved, of those.

        Raises:
            ConfigError: If the run has saved neither.
            TrackingError: If the tracking store cannot be used.
        """
        return self.model or self.find_file(MODEL) or self.find_file(WEIGHTS) or self.file(MODEL)

    def file(self, name: str) -> Path:
        """Returns a file of the run; one that is only on the tracking server is downloaded.

        Args:
            name: Path of the file, in the run's folder and among its artifacts.

        Returns:
            The file on this machine.

        Raises:
            ConfigError: If the run has no such file.
            TrackingError: If the tracking store cannot be used.
        """
        found = self.find_file(name)
        if found is None:
            raise ConfigError([self._missing(name)])
        return found

    def find_file(self, name: str) -> Path | None:
        """Looks for a file of the run.

        Args:
            name: Path of the file, in the run's folder and among its artifacts.

        Returns:
            The file, as `file` returns it; None if the run has no such file.

        Raises:
            TrackingError: If the tracking store cannot be used.
        """
        if self.folder is not None and (self.folder / name).is_file():
            return self.folder / name
        if self.logged is None:
            return None
        downloads = _downloads_of(self.logged.run_id)
        if (downloads / name).is_file():
            return downloads / name
        return self.logged.download(name, downloads) if self.logged.has_artifact(name) else None

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The resolved config of the run, as plain values by group.

        Raises:
            ConfigError: If the run has no config, or a damaged one.
        """
        return dict(self._yaml(CONFIG, dict))

    @cached_property
    def overrides(self) -> tuple[str, ...]:
        """How the run differs from the defaults, as typed on the command line.

        Raises:
            ConfigError: If the file with them is missing or damaged.
        """
        return tuple(self._yaml(OVERRIDES, list))

    @cached_property
    def result(self) -> RunResult:
        """The result of the run.

        Raises:
            ConfigError: If the run has not finished.
            DataError: If the file with the result is damaged.
        """
        path = self.find_file(RESULT)
        if path is None:
            expected = "a run that has finished; one that was killed can go on"
            given = f"{self.name}, which has left no {RESULT}"
            raise ConfigError([Problem("RUN", given, expected, f"altitude resume {self.name}")])
        return read_result(path, self.find_file(MODEL))

    def _yaml(self, name: str, kind: type) -> Any:
        path = self.file(name)
        try:
            content = yaml.safe_load(path.read_text())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError([Problem(str(path), str(error), "YAML")]) from error
        if not isinstance(content, kind):
            expected = "a mapping" if kind is dict else "a list"
            raise ConfigError([Problem(str(path), type(content).__name__, expected)])
        return content

    def _missing(self, name: str) -> Problem:
        places = [str(self.folder)] if self.folder is not None else []
        if self.uri is not None:
            places.append(f"the artifacts in {without_password(self.uri)}")
        given = f"{self.name}, which has no {name} in {' or in '.join(places) or 'any place'}"
        return Problem("RUN", given, f"a run with {name}")


@cache
def _downloads_of(run_id: str) -> Path:
    """A folder for what is downloaded of a run, which goes away with this process."""
    folder = tempfile.mkdtemp(prefix=f"altitude-{run_id[:8]}-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)
