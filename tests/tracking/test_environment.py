"""MLflow's environment variables mean here what they mean in MLflow."""

import os
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Param
from mlflow.tracking import MlflowClient

from altitude import TrackingError
from altitude.cli.mlproject import arguments_from
from altitude.runs.describe import describe_run
from altitude.sweeps.job_record import Goal
from altitude.sweeps.store.mlflow_sweep_store import MlflowSweepStore, open_sweep
from altitude.sweeps.store.page import Presentation
from altitude.sweeps.store.sweep_store import SweepResult
from altitude.tracking import Mlflow
from altitude.tracking.opening import open_mlflow_run
from altitude.tracking.tags import CONFIG_HASH
from tests.conftest import ExperimentFactory
from tests.processes import run_python


@pytest.fixture
def opening(default_store: MlflowClient, small_experiment: ExperimentFactory) -> Any:
    """Opens and closes a run, and returns it as it is in the store."""

    def open_run(**settings: Any) -> Any:
        tracking = Mlflow(**settings)
        opened = open_mlflow_run(tracking, describe_run(small_experiment(tracking=tracking)))
        opened.close("FINISHED")
        return default_store.get_run(opened.run_id)

    return open_run


def experiment_of(client: MlflowClient, run: Any) -> str:
    return str(client.get_experiment(run.info.experiment_id).name)


def test_a_variable_names_the_experiment(
    opening: Any, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert experiment_of(default_store, opening()) == "altitude"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "new")
    assert experiment_of(default_store, opening()) == "new"
    assert experiment_of(default_store, opening(experiment_name="given")) == "given"


def test_a_variable_gives_the_id_of_the_experiment(
    opening: Any, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", default_store.create_experiment("by id"))
    assert experiment_of(default_store, opening()) == "by id"
    assert experiment_of(default_store, opening(experiment_name="given")) == "given"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "another")
    with pytest.raises(TrackingError, match=r"which is 'by id'(.|\n)*MLFLOW_EXPERIMENT_NAME=anoth"):
        opening()


def test_an_experiment_that_mlflow_was_set_to_is_used(
    opening: Any, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "")  # restored after the test
    monkeypatch.setattr(mlflow.tracking.fluent, "_active_experiment_id", None)
    mlflow.set_experiment("mine")
    assert experiment_of(default_store, opening()) == "mine"


def test_an_id_without_an_experiment_is_an_error(
    opening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "77")
    with pytest.raises(TrackingError, match="instead:  MLFLOW_EXPERIMENT_NAME="):
        opening()


def test_a_run_that_is_given_is_continued_once(
    opening: Any, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = default_store.create_run(default_store.create_experiment("theirs"), run_name="mine")
    run_id = theirs.info.run_id
    quoted = [Param("model.hidden_units", "'[16]'"), Param("optimizer.learning_rate", "1e-3")]
    default_store.log_batch(run_id, params=quoted)
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    continued = opening()
    assert (continued.info.run_id, continued.info.run_name) == (run_id, "mine")
    assert continued.info.status == "FINISHED"
    assert continued.data.params["dataset.limit"] == "300"
    assert continued.data.params["optimizer.learning_rate"] == "1e-3"
    assert continued.data.tags["dataset.name"] == "digits"
    assert "MLFLOW_RUN_ID" not in os.environ
    assert opening().info.run_id != run_id


def test_a_run_with_other_params_is_left_as_it_was(
    opening: Any, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = default_store.create_run("0").info.run_id
    default_store.log_param(run_id, "loop.epochs", "5")
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with pytest.raises(TrackingError, match=rf"loop.epochs\n(.|\n)*expected: 5, as in .*{run_id}"):
        opening()
    run = default_store.get_run(run_id)
    assert (run.info.status, run.data.params) == ("RUNNING", {"loop.epochs": "5"})


@pytest.mark.parametrize("run_id", ["0" * 32, "no run!"])
def test_a_run_that_does_not_exist_is_told_before_tensorflow_starts(
    run_id: str, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with pytest.raises(TrackingError, match=r"MLFLOW_RUN_ID\n(.|\n)*instead:  unset MLFLOW_RUN_ID"):
        Mlflow().check()
    assert default_store.get_experiment_by_name("altitude") is None


def test_a_run_that_was_deleted_is_told_how_to_restore(
    default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = default_store.create_run("0").info.run_id
    default_store.delete_run(run_id)
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with pytest.raises(TrackingError, match=f"mlflow runs restore --run-id {run_id}"):
        Mlflow().check()


def test_a_run_of_another_experiment_than_the_given_one_is_an_error(
    default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", default_store.create_run("0").info.run_id)
    with pytest.raises(TrackingError, match=r"tracking.experiment_name\n    given:    mine"):
        Mlflow(experiment_name="mine").check()


def test_the_monitor_of_system_metrics_ends_with_the_run(
    opening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    run = opening()
    assert run.info.status == "FINISHED"
    assert run.info.run_id not in mlflow.tracking.fluent.run_id_to_system_metrics_monitor


SHOWN = Presentation(
    title="sweep",
    command="altitude -m",
    goal=Goal(metric="best_val_accuracy", direction="maximize"),
    params=["seed"],
    nested=False,
)


def opened_sweep(identity: str = "abc") -> MlflowSweepStore:
    return open_sweep(Mlflow(), identity, SHOWN, fresh=False)


def summaries(client: MlflowClient) -> list[str]:
    every = [experiment.experiment_id for experiment in client.search_experiments()]
    return [run.info.run_id for run in client.search_runs(every, "tags.role = 'summary'")]


def test_a_sweeps_own_run_is_the_one_that_is_given(
    default_store: MlflowClient, opening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened_sweep()
    first.close(SweepResult(status="FINISHED"))
    run_id = default_store.create_run("1").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    again = opened_sweep()
    assert again.sweep_id == first.sweep_id  # jobs that are done are skipped
    assert summaries(default_store) == [run_id]
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)  # as a process elsewhere might have inherited it
    job = opening(watched=True, tags={"sweep_id": "abc", "role": "job", CONFIG_HASH: "x"})
    assert job.info.run_id != run_id
    again.close(SweepResult(status="FINISHED"))
    assert default_store.get_run(run_id).info.status == "FINISHED"


def test_a_run_of_another_sweep_is_refused(
    default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_sweep().close(SweepResult(status="FINISHED"))
    monkeypatch.setenv("MLFLOW_RUN_ID", summaries(default_store)[0])
    with pytest.raises(TrackingError, match="belongs to another sweep"):
        opened_sweep("def")


def test_parameters_of_mlflow_run_are_overrides() -> None:
    assert arguments_from(["", "--loop", "tape", "--seed", "7"]) == ["loop=tape", "seed=7"]
    told = ["~callbacks.tensorboard 'tracking.run_name=a b'", "--multirun", "--seed", "1,2"]
    expected = ["--multirun", "~callbacks.tensorboard", "tracking.run_name=a b", "seed=1,2"]
    assert arguments_from(told) == expected


@pytest.mark.slow
@pytest.mark.parametrize("entry_point", ["main", "sweep"])
def test_mlflow_runs_this_project_in_one_run(
    entry_point: str, default_store: MlflowClient, working_folder: Path
) -> None:
    project = Path(__file__).parents[2]
    seeds = "7,8" if entry_point == "sweep" else "7"
    small = ("dataset=digits", "dataset.limit=100", "loop.epochs=1", f"seed={seeds}")
    params = [word for override in small for word in ("-P", override)]
    several = ("-P", "overrides=callbacks=none optimizer.learning_rate=1e-2")
    done = run_python(
        *("-m", "mlflow", "run", str(project), "--env-manager", "local"),
        *("-e", entry_point, "--experiment-name", "project", *params, *several),
        folder=working_folder,
        VIRTUAL_ENV=sys.prefix,
    )
    assert done.returncode == 0, done.stderr
    experiment = default_store.get_experiment_by_name("project")
    assert experiment is not None
    runs = default_store.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * (1 if entry_point == "main" else 3)
    (theirs,) = (run for run in runs if "mlflow.project.entryPoint" in run.data.tags)
    assert "test_accuracy" in theirs.data.metrics
    if entry_point == "main":
        assert theirs.data.params["optimizer.learning_rate"] == "0.01"
