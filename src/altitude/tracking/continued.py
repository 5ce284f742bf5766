"""The parameters of a run that was begun by somebody else, such as `mlflow run`."""

import shlex
from collections.abc import Mapping
from typing import Any

import yaml
from mlflow.entities import Run

from altitude.errors import Problem, TrackingError
from altitude.tracking.environment import RUN_ID


def missing_params(run: Run, params: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters that a run does not have yet.

    Args:
        run: The run that is continued.
        params: Parameters of the experiment that continues it.

    Raises:
        TrackingError: If the run has one of them with another value: MLflow does not change
            parameters.
    """
    logged = run.data.params
    known = {name: value for name, value in params.items() if name in logged}
    problems = [
        Problem(name, value, f"{logged[name]}, as in {RUN_ID}={run.info.run_id}")
        for name, value in known.items()
        if _value(value) != _value(logged[name])
    ]
    if problems:
        report = "\n\n".join(map(str, problems))
        advice = f"give these values, or unset {RUN_ID} for a new run"
        raise TrackingError(f"that run has other parameters: {advice}\n\n{report}")
    return {name: value for name, value in params.items() if name not in known}


def _value(text: str) -> Any:
    """What a parameter says: `1e-3` is 0.001, and `mlflow run` quotes values for the shell."""
    if text.startswith(("'", '"')):
        text = " ".join(shlex.split(text))
    if text == "None":
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
