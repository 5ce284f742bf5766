"""Experiments for Keras 3 on TensorFlow: composed by Hydra, tracked in MLflow.

`compose` makes an `Experiment` from overrides, `run` runs it and returns a `RunResult`, `load`
loads a run that was begun before. Importing this package imports neither TensorFlow nor MLflow.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from altitude.errors import (
    ConfigError,
    DataError,
    NonFiniteError,
    Problem,
    TrackingError,
    TrainingError,
)
from altitude.version import __version__

if TYPE_CHECKING:
    from altitude.calls.lazy_call import LazyCall
    from altitude.config.reading import compose
    from altitude.experiment import Experiment
    from altitude.objective import Objective
    from altitude.records.loaded_run import LoadedRun, load
    from altitude.runs.result import RunResult
    from altitude.runs.runner import run

_HOMES = {
    "Experiment": "experiment",
    "LazyCall": "calls.lazy_call",
    "LoadedRun": "records.loaded_run",
    "Objective": "objective",
    "RunResult": "runs.result",
    "compose": "config.reading",
    "load": "records.loaded_run",
    "run": "runs.runner",
}

_RENAMED = {"Deferred": "LazyCall"}
"""Names of an earlier release, which still work in this one."""

__all__ = [
    "ConfigError",
    "DataError",
    "Experiment",
    "LazyCall",
    "LoadedRun",
    "NonFiniteError",
    "Objective",
    "Problem",
    "RunResult",
    "TrackingError",
    "TrainingError",
    "__version__",
    "compose",
    "load",
    "run",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that `--help` stays fast."""
    if name in _RENAMED:
        message = f"altitude.{name} is now altitude.{_RENAMED[name]}; the old name will be removed"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(import_module(__name__), _RENAMED[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'altitude' has no attribute {name!r}")
    value = getattr(import_module(f"altitude.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
