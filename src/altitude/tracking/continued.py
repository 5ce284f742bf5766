"""The data that a run has logged before it is continued by `mlflow run`, or resumed."""

import shlex
from collections.abc import Mapping
from typing import Any

import yaml
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from altitude.errors import Problem, TrackingError
from altitude.tracking.environment import RUN_ID


def added_params(run: Run, params: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters that a run does not have yet, whatever the values of the others.

    Args:
        run: The run that is continued.
        params: The parameters of the experiment now.
    """
    return {name: value for name, value in params.items() if name not in run.data.params}


def changed_params(run: Run, params: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters that a run has with another value.

    Args:
        run: The run that is continued.
        params: The parameters of the experiment now.

    Returns:
        The changed ones with their values of now.
    """
    logged = run.data.params
    return {n: v for n, v in params.items() if n in logged and _value(v) != _value(logged[n])}


def logged_steps(client: MlflowClient, run: Run) -> dict[str, set[int]]:
    """Returns the steps at which each metric of a run has been logged.

    Args:
        client: The client of the run's store.
        run: The run that is continued.

    Returns:
        The steps by metric.
    """
    histories = {n: client.get_metric_history(run.info.run_id, n) for n in run.data.metrics}
    return {name: {point.step for point in history} for name, history in histories.items()}


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
    problems = [
        Problem(name, value, f"{logged[name]}, as in {RUN_ID}={run.info.run_id}")
        for name, value in changed_params(run, params).items()
    ]
    if problems:
        report = "\n\n".join(map(str, problems))
        advice = f"give these values, or unset {RUN_ID} for a new run"
        raise TrackingError(f"that run has other parameters: {advice}\n\n{report}")
    return added_params(run, params)


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
