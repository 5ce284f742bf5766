import os
import shutil
import socket
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mlflow
import pytest
import yaml
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

import altitude
from altitude import Experiment, RunResult, TrackingError
from altitude.models import Mlp
from altitude.runs.describe import describe_run
from altitude.tracking import Mlflow
from altitude.tracking.opening import open_mlflow_run
from altitude.tracking.outbox import Record, write_records
from altitude.tracking.pages import run_page
from altitude.tracking.params import CUT_NOTE
from altitude.tracking.tags import FOLDER, HEARTBEAT, PROCESS, VALIDATION_EXAMPLES
from tests.conftest import ExperimentFactory
from tests.processes import SET_BY_RUNS, commit_everything

OVERRIDES = (
    "dataset=digits",
    "dataset.limit=300",
    "loop=train_step",
    "loop.epochs=3",
    "loop.clip_norm=1.0",
    "callbacks.early_stopping.patience=5",
    "~callbacks.tensorboard",
)
BY_EPOCH = {
    "accuracy",
    "epoch_seconds",
    "grad_norm",
    "learning_rate",
    "loss",
    "val_accuracy",
    "val_loss",
}


@pytest.fixture(scope="module")
def result(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunResult]:
    """One finished run at altitude 2, in the default store of its working folder."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("my work")
        shutil.copy(empty_store, folder)
        patch.chdir(folder)
        for name in SET_BY_RUNS:
            patch.delenv(name, raising=False)
        yield altitude.run(altitude.compose(OVERRIDES))


@pytest.fixture(scope="module")
def folder(result: RunResult) -> Path:
    return result.output_dir.parents[2]


@pytest.fixture(scope="module")
def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder}/mlflow.db")


@pytest.fixture(scope="module")
def run(result: RunResult, client: MlflowClient) -> Run:
    assert result.run_id is not None
    return client.get_run(result.run_id)


def artifact(run: Run, name: str) -> Path:
    return Path(url2pathname(urlsplit(run.info.artifact_uri).path)) / name


def test_a_run_is_finished_after_success(run: Run) -> None:
    assert run.info.status == "FINISHED"


def test_a_run_is_named_by_its_overrides(run: Run) -> None:
    assert run.info.run_name.startswith("dataset=digits limit=300 loop=train_step epochs=3")


def test_params_are_the_flattened_config(run: Run) -> None:
    expected = {
        "seed": "42",
        "dataset.batch_size": "128",
        "dataset.limit": "300",
        "model.hidden_units": "[256, 128]",
        "optimizer._target_": "keras.optimizers.Adam",
        "optimizer.learning_rate": "0.001",
        "objective.loss.from_logits": "True",
        "loop._target_": "altitude.loops.train_step.TrainStep",
        "loop.clip_norm": "1.0",
        "callbacks.early_stopping.patience": "5",
        "callbacks.model_checkpoint.filepath": "./best.keras",
    }
    assert {key: run.data.params.get(key) for key in expected} == expected


def test_no_param_differs_between_two_runs_of_the_same_experiment(run: Run, folder: Path) -> None:
    assert not [key for key in run.data.params if key.startswith(("tracking", "output_dir"))]
    assert not [text for text in run.data.params.values() if str(folder) in text]


def test_the_description_is_the_closing_table(run: Run, result: RunResult) -> None:
    description = run.data.tags["mlflow.note.content"]
    assert f"| best epoch | {result.best_epoch} of 3 |" in description
    assert "| test | accuracy " in description
    assert str(result.output_dir) not in description


def test_a_callback_that_was_taken_away_is_no_param(run: Run) -> None:
    assert not [key for key in run.data.params if key.startswith("callbacks.tensorboard")]


def test_the_resolved_config_is_an_artifact(run: Run, result: RunResult) -> None:
    config = yaml.safe_load(artifact(run, "config.yaml").read_text())
    assert config["loop"]["clip_norm"] == 1.0
    assert config["callbacks"]["model_checkpoint"]["filepath"] == str(result.model_path)


def test_the_overrides_are_an_artifact(run: Run) -> None:
    assert yaml.safe_load(artifact(run, "overrides.yaml").read_text()) == list(OVERRIDES)


@pytest.mark.parametrize("name", sorted(BY_EPOCH))
def test_a_metric_has_its_value_in_every_epoch(
    name: str, run: Run, result: RunResult, client: MlflowClient
) -> None:
    logged = client.get_metric_history(run.info.run_id, name)
    assert [metric.step for metric in logged] == [1, 2, 3]
    assert [metric.value for metric in logged] == list(result.metrics_by_epoch[name])


def test_final_metrics_are_of_the_best_epoch(run: Run, result: RunResult) -> None:
    final = {k: v for k, v in run.data.metrics.items() if k not in BY_EPOCH}
    assert final == result.metrics
    assert set(final) == {
        "best_epoch",
        "best_val_loss",
        "best_val_accuracy",
        "test_loss",
        "test_accuracy",
    }
    best = result.best_epoch - 1
    assert final["best_val_loss"] == result.metrics_by_epoch["val_loss"][best]
    assert final["best_val_accuracy"] == max(result.metrics_by_epoch["val_accuracy"])


def test_nothing_but_the_promised_metrics_is_logged(run: Run, result: RunResult) -> None:
    assert set(run.data.metrics) == BY_EPOCH | set(result.metrics)


def test_artifacts_lie_at_the_root(run: Run, client: MlflowClient) -> None:
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {"best.keras", "config.yaml", "curves.png", "overrides.yaml", "result.json"}


def test_the_logged_model_is_the_best_one(run: Run, result: RunResult) -> None:
    assert artifact(run, "best.keras").read_bytes() == result.model_path.read_bytes()


def test_the_curves_are_a_picture(run: Run) -> None:
    assert artifact(run, "curves.png").read_bytes().startswith(b"\x89PNG")


def test_tags_say_where_a_run_comes_from(run: Run) -> None:
    expected = {
        "altitude": "train_step",
        "dataset.name": "digits",
        "host": socket.gethostname(),
        "version.tensorflow": version("tensorflow"),
        "version.keras": version("keras"),
        "version.hydra": version("hydra-core"),
        "version.altitude": version("keras-altitude"),
    }
    assert {key: run.data.tags.get(key) for key in expected} == expected
    assert run.data.tags["dataset.fingerprint"]


def test_all_tags_beside_those_for_users_begin_with_the_name_of_the_package(run: Run) -> None:
    ours = {name for name in run.data.tags if not name.startswith(("mlflow.", "git.", "version."))}
    internal = {name for name in ours if name.startswith("altitude.")}
    assert internal == {FOLDER, PROCESS, HEARTBEAT, VALIDATION_EXAMPLES}
    for_users = {"altitude", "dataset.name", "dataset.fingerprint", "epochs", "host", "model_saved"}
    assert ours - internal == for_users


def test_the_default_store_and_its_artifacts_lie_in_the_working_folder(
    run: Run, folder: Path, client: MlflowClient
) -> None:
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.name == "altitude"
    assert experiment.artifact_location == (folder / "mlruns").as_uri()
    assert artifact(run, "best.keras").is_relative_to(folder / "mlruns")


def test_the_result_says_how_to_open_the_run(result: RunResult) -> None:
    page = run_page("1", str(result.run_id))
    assert result.how_to_open.endswith(f" ui, then http://localhost:5000/{page}")


def active_run_id() -> str | None:
    active = mlflow.active_run()
    return None if active is None else active.info.run_id


def open_small(make: ExperimentFactory, *, resumed: str | None = None, **settings: Any) -> Any:
    tracking = Mlflow(**settings)
    return open_mlflow_run(tracking, describe_run(make(tracking=tracking)), resumed)


@pytest.mark.usefixtures("default_store")
@pytest.mark.parametrize("uri", [None, "sqlite:///elsewhere.db"])
def test_mlflow_is_left_as_it_was(
    uri: str | None, small_experiment: ExperimentFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    if uri is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    before = mlflow.get_tracking_uri()
    opened = open_small(small_experiment, uri="sqlite:///mlflow.db")
    assert active_run_id() == opened.run_id
    opened.close("FINISHED")
    assert mlflow.active_run() is None
    assert mlflow.get_tracking_uri() == before
    assert os.environ.get("MLFLOW_TRACKING_URI") == uri


def test_a_run_of_the_users_own_stays_open_around_it(
    default_store: MlflowClient, small_experiment: ExperimentFactory, empty_store: Path
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{shutil.copy(empty_store, 'mine.db')}")
    try:
        with mlflow.start_run() as mine:
            opened = open_small(small_experiment, uri="sqlite:///mlflow.db")
            mlflow.log_metric("inner", 1.0)
            opened.close("FAILED")
            assert active_run_id() == mine.info.run_id
            mlflow.log_metric("outer", 2.0)
        outer = mlflow.get_run(mine.info.run_id)
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # None unsets it
    inner = default_store.get_run(opened.run_id)
    assert (outer.info.status, outer.data.metrics) == ("FINISHED", {"outer": 2.0})
    assert (inner.info.status, inner.data.metrics) == ("FAILED", {"inner": 1.0})


def test_a_run_that_a_user_left_open_inside_ends_with_it(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    opened = open_small(small_experiment)
    forgotten = mlflow.start_run(nested=True)
    opened.close("FAILED")
    assert mlflow.active_run() is None
    assert default_store.get_run(opened.run_id).info.status == "FAILED"
    assert default_store.get_run(forgotten.info.run_id).info.status == "FAILED"


def test_a_run_that_a_user_ended_inside_still_gets_its_status(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    opened = open_small(small_experiment)
    mlflow.end_run()
    opened.close("KILLED")
    assert default_store.get_run(opened.run_id).info.status == "KILLED"


def test_tags_name_the_commit(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    commit = commit_everything()
    opened = open_small(small_experiment)
    opened.close("FINISHED")
    tags = default_store.get_run(opened.run_id).data.tags
    assert (tags["git.commit"], tags["git.dirty"]) == (commit, "true")  # the store has changed


def test_a_run_may_be_given_a_name(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    opened = open_small(small_experiment, run_name="mine", experiment_name="bench")
    opened.close("FINISHED")
    run = default_store.get_run(opened.run_id)
    assert run.info.run_name == "mine"
    assert default_store.get_experiment(run.info.experiment_id).name == "bench"


def test_a_deleted_experiment_is_an_error_that_says_what_to_do(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    default_store.delete_experiment(default_store.create_experiment("gone"))
    with pytest.raises(TrackingError, match="mlflow experiments restore -x 1"):
        open_small(small_experiment, experiment_name="gone")


def test_a_long_value_is_cut_and_noted(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    experiment: Experiment = small_experiment(model=Mlp(hidden_units=(16,) * 300))
    opened = open_mlflow_run(Mlflow(), describe_run(experiment))
    opened.close("FINISHED")
    logged = default_store.get_run(opened.run_id).data.params["model.hidden_units"]
    assert logged.endswith(CUT_NOTE)
    whole = yaml.safe_load((experiment.output_dir / "config.yaml").read_text())
    assert whole["model"]["hidden_units"] == [16] * 300


def test_a_description_of_the_users_own_stays(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    opened = open_small(small_experiment, tags={"mlflow.note.content": "mine"})
    opened.set_tags({"mlflow.note.content": "ours", "epochs": "3"})
    opened.close("FINISHED")
    tags = default_store.get_run(opened.run_id).data.tags
    assert (tags["mlflow.note.content"], tags["epochs"]) == ("mine", "3")


def test_a_folder_that_cannot_be_written_is_a_tracking_error(
    working_folder: Path, small_experiment: ExperimentFactory
) -> None:
    (working_folder / "file").touch()
    with pytest.raises(TrackingError, match="cannot be used"):
        open_small(small_experiment, uri="sqlite:///file/mlflow.db")
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_run_that_cannot_be_opened_to_the_end_is_closed(
    default_store: MlflowClient,
    small_experiment: ExperimentFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise MlflowException("no params today")

    monkeypatch.setattr(MlflowClient, "log_batch", refuse)
    with pytest.raises(TrackingError, match="no params today"):
        open_small(small_experiment)
    (run,) = default_store.search_runs(["1"])
    assert run.info.status == "FAILED"
    assert mlflow.active_run() is None


def test_a_metric_with_a_name_that_mlflow_refuses_is_renamed(
    default_store: MlflowClient, small_experiment: ExperimentFactory
) -> None:
    opened = open_small(small_experiment)
    opened.log_metrics({"f1@0.5": 1.0, "loss": 2.0}, step=1)
    opened.close("FINISHED")
    assert default_store.get_run(opened.run_id).data.metrics == {"f1_0.5": 1.0, "loss": 2.0}
    assert opened.notice == ""


def test_a_record_that_cannot_be_sent_does_not_hold_up_the_rest(
    default_store: MlflowClient, small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    opened = open_small(small_experiment)
    opened.log_artifact(working_folder / "no-such-file")
    opened.log_metrics({"loss": 2.0}, step=1)
    opened.close("FINISHED")
    run = default_store.get_run(opened.run_id)
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"loss": 2.0})
    assert opened.notice.startswith("1 record could not be sent to sqlite:")
    assert "no-such-file" in opened.notice
    assert str(working_folder / "run" / "unsent-tracking.jsonl") in opened.notice
    assert "`altitude sync`" in opened.notice


def test_a_step_that_waited_when_the_process_was_killed_is_logged_once(
    default_store: MlflowClient, small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    killed = open_small(small_experiment)
    killed.close("FINISHED")
    records: list[Record] = [
        {"run_id": killed.run_id, "metrics": {"loss": loss}, "step": step, "timestamp": 0}
        for step, loss in ((1, 2.0), (2, 1.0))
    ]
    write_records(working_folder / "run" / "unsent-tracking.jsonl", records)
    default_store.log_metric(killed.run_id, "loss", 2.0, step=1)
    resumed = open_small(small_experiment, resumed=killed.run_id)
    resumed.log_metrics({"loss": 1.0}, step=2)  # the resume point was from before it
    resumed.close("FINISHED")
    history = default_store.get_metric_history(killed.run_id, "loss")
    assert sorted((point.step, point.value) for point in history) == [(1, 2.0), (2, 1.0)]


def test_an_experiment_that_another_process_has_just_made_is_used(
    default_store: MlflowClient,
    small_experiment: ExperimentFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look_up = MlflowClient.get_experiment_by_name
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", made_meanwhile(look_up))
    opened = open_small(small_experiment, experiment_name="shared")
    opened.close("FINISHED")
    assert default_store.get_run(opened.run_id).info.status == "FINISHED"


def made_meanwhile(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """The first look finds nothing, and then somebody else creates the experiment."""

    def look(client: MlflowClient, name: str) -> Any:
        found = look_up(client, name)
        if found is None:
            client.create_experiment(name)
        return found

    return look
