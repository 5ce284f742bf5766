"""Experiments for Keras 3 on TensorFlow: composed by Hydra, tracked in MLflow.

`compose` makes an `Experiment` from overrides, `run` runs it and returns a `RunResult`. Importing
this package imports neither TensorFlow nor MLflow.
"""

from typing import TYPE_CHECKING, Any

from altitude.version import __version__

if TYPE_CHECKING:
    from altitude.config import compose
    from altitude.deferred import Deferred
    from altitude.errors import (
        ConfigError,
        DataError,
        NonFiniteError,
        Problem,
        TrackingError,
        TrainingError,
    )
    from altitude.experiment import Experiment
    from altitude.objective import Objective
    from altitude.result import RunResult
    from altitude.runner import run

_HOMES = {
    "ConfigError": "errors",
    "DataError": "errors",
    "Deferred": "deferred",
    "Experiment": "experiment",
    "NonFiniteError": "errors",
    "Objective": "objective",
    "Problem": "errors",
    "RunResult": "result",
    "TrackingError": "errors",
    "TrainingError": "errors",
    "compose": "config",
    "run": "runner",
}

__all__ = [
    "ConfigError",
    "DataError",
    "Deferred",
    "Experiment",
    "NonFiniteError",
    "Objective",
    "Problem",
    "RunResult",
    "TrackingError",
    "TrainingError",
    "__version__",
    "compose",
    "run",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that `--help` stays fast."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'altitude' has no attribute {name!r}")
    value = getattr(import_module(f"altitude.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
