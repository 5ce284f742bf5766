"""Settings in MLflow's environment variables; configured settings take precedence."""

import os

from mlflow.entities import Experiment, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from altitude.errors import Problem, TrackingError

RUN_ID = "MLFLOW_RUN_ID"
EXPERIMENT_ID, EXPERIMENT_NAME = "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"
DEFAULT_EXPERIMENT = "altitude"


def take_run_id() -> str | None:
    """Removes the id of the run to continue from the environment, as `mlflow.start_run` does.

    The next run of this process is a new one, and so are those of its children.

    Returns:
        The id; None if there is none.
    """
    return os.environ.pop(RUN_ID, None) or None


def chosen_experiment(client: MlflowClient, name: str | None) -> str | Experiment:
    """Returns the experiment of a new run: by name if it may be new, else as it is.

    Args:
        client: Talks to the store.
        name: The name that was given; None for the environment's experiment or the default.

    Raises:
        TrackingError: If the environment names an experiment that does not exist.
    """
    experiment_id = os.environ.get(EXPERIMENT_ID)
    name_there = os.environ.get(EXPERIMENT_NAME)
    if name or not experiment_id:
        return name or name_there or DEFAULT_EXPERIMENT
    found = _experiment(client, experiment_id)
    if name_there and found.name != name_there:
        given = f"{experiment_id}, which is {found.name!r}"
        expected = f"the id of {EXPERIMENT_NAME}={name_there}"
        raise TrackingError(str(Problem(EXPERIMENT_ID, given, expected, f"unset {EXPERIMENT_ID}")))
    return found


def _experiment(client: MlflowClient, experiment_id: str) -> Experiment:
    try:
        return client.get_experiment(experiment_id)
    except MlflowException as error:
        expected = "the id of an experiment in this store: mlflow experiments search"
        instead = f"{EXPERIMENT_NAME}=a-name, which is created if it is new"
        problem = Problem(EXPERIMENT_ID, experiment_id, expected, instead)
        raise TrackingError(str(problem)) from error


def run_to_continue(client: MlflowClient, run_id: str, experiment_name: str | None) -> Run:
    """Returns the run that `MLFLOW_RUN_ID` names.

    Args:
        client: Talks to the store.
        run_id: The run.
        experiment_name: The experiment that was given; None if none was.

    Raises:
        TrackingError: If there is no such run, or if it was deleted, or is of another experiment.
    """
    instead = f"unset {RUN_ID} for a new run, or MLFLOW_TRACKING_URI=... for the store that has it"
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        expected = "the id of a run in this store"
        raise TrackingError(str(Problem(RUN_ID, run_id, expected, instead))) from error
    if run.info.lifecycle_stage == "deleted":
        given, restore = f"{run_id}, which was deleted", f"mlflow runs restore --run-id {run_id}"
        raise TrackingError(str(Problem(RUN_ID, given, "a run that is there", restore)))
    if experiment_name is not None:
        _require_name(client.get_experiment(run.info.experiment_id), experiment_name, run_id)
    return run


def _require_name(experiment: Experiment, name: str, run_id: str) -> None:
    if experiment.name != name:
        expected = f"{experiment.name}, the experiment of {RUN_ID}={run_id}"
        instead = f"leave it out, or unset {RUN_ID} for a new run"
        raise TrackingError(str(Problem("tracking.experiment_name", name, expected, instead)))
