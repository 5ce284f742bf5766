"""A tracked run is closed in every case, and tracking never costs a run."""

import errno
import io
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from rich.console import Console

import altitude
from altitude import DataError, TrackingError
from altitude.data import Npz
from altitude.loops import Fit, Tape, TrainStep
from altitude.tracking import Mlflow
from altitude.tracking.pages import run_page
from tests.conftest import ExperimentFactory
from tests.processes import (
    Finished,
    Process,
    TrackingServer,
    finish,
    free_port,
    mute_server,
    run_python,
    start_python,
    tracking_server,
)

TIMEOUT = 10
ENDLESS = ("dataset=digits", "loop.epochs=1000000", "callbacks=none")
EXIT_STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
REASON = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}

LOAD = """
import sys
sys.modules["altitude"] = None  # importing it raises
import keras, numpy
model = keras.models.load_model(sys.argv[1])
print(type(model).__name__, model.predict(numpy.zeros((1, 8, 8)), verbose=0).tolist())
"""


class AtTheEndOfEpoch(keras.callbacks.Callback):
    """Does something at the end of one epoch, counting from 1."""

    def __init__(self, epoch: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._epoch = epoch
        self._act = act

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        if epoch + 1 == self._epoch:
            self._act()


def at_the_end_of_epoch(epoch: int, act: Callable[[], object]) -> dict[str, Callable[[], Any]]:
    return {"user": lambda: AtTheEndOfEpoch(epoch, act)}


def only_run(client: MlflowClient) -> Run:
    (run,) = client.search_runs([found.experiment_id for found in client.search_experiments()])
    return run


def artifacts(client: MlflowClient, run: Run) -> set[str]:
    return {file.path for file in client.list_artifacts(run.info.run_id)}


def ended_by(number: signal.Signals, process: Process) -> Finished:
    """Sends the signal when the second epoch is over."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(number)
    return finish(process)


@pytest.fixture(scope="module")
def ended(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[signal.Signals, tuple[Finished, MlflowClient]]:
    """What is left of two runs on the command line that were ended in mid-training."""
    started = {}
    for number in EXIT_STATUS:
        folder = tmp_path_factory.mktemp(number.name)
        shutil.copy(empty_store, folder)
        started[number] = (start_python("-m", "altitude", *ENDLESS, folder=folder), folder)
    return {
        number: (ended_by(number, process), MlflowClient(f"sqlite:///{folder}/mlflow.db"))
        for number, (process, folder) in started.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("number", EXIT_STATUS)
def test_a_signal_leaves_a_run_that_is_killed(
    number: signal.Signals, ended: dict[signal.Signals, tuple[Finished, MlflowClient]]
) -> None:
    run = only_run(ended[number][1])
    assert run.info.status == "KILLED"
    assert run.data.tags["reason"] == REASON[number]
    assert run.data.metrics["loss"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", EXIT_STATUS)
def test_a_signal_gives_its_exit_status_and_no_traceback(
    number: signal.Signals, ended: dict[signal.Signals, tuple[Finished, MlflowClient]]
) -> None:
    process, _ = ended[number]
    assert process.returncode == EXIT_STATUS[number]
    stopped = f"altitude: stopped by {REASON[number]}"
    *_, first, second, third = process.stderr.splitlines()
    assert [first, second] == [stopped, "no model was saved before that"]
    assert third.startswith("go on: altitude resume outputs/")
    assert "Traceback" not in process.stderr


def test_a_run_whose_callback_raises_has_failed(
    small_experiment: ExperimentFactory, default_store: MlflowClient
) -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    callbacks = at_the_end_of_epoch(2, fail)
    with pytest.raises(LookupError, match="no such thing"):
        altitude.run(small_experiment(tracking=Mlflow(), callbacks=callbacks))
    run = only_run(default_store)
    assert run.info.status == "FAILED"
    assert run.data.tags["exception"] == "LookupError: no such thing"
    assert {"config.yaml", "traceback.txt"} <= artifacts(default_store, run)
    report = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/traceback.txt")
    assert report.startswith("Traceback (most recent call last):")
    assert report.endswith("LookupError: no such thing\n")
    assert mlflow.active_run() is None


def unsound_data(folder: Path) -> Path:
    """Data with a mistake that shows when they are loaded, and not in the headers of the file."""
    x, y = np.full((20, 4), np.nan), np.arange(20) % 2
    np.savez(folder / "nan.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return folder / "nan.npz"


@pytest.mark.usefixtures("default_store")
def test_a_run_without_its_data_has_failed(
    small_experiment: ExperimentFactory, default_store: MlflowClient
) -> None:
    path = unsound_data(Path())
    with pytest.raises(DataError):
        altitude.run(small_experiment(tracking=Mlflow(), dataset=Npz(path=path)))
    run = only_run(default_store)
    assert run.info.status == "FAILED"
    assert run.data.tags["exception"].startswith("DataError: ")


def test_a_run_interrupted_in_a_notebook_is_killed(
    small_experiment: ExperimentFactory, default_store: MlflowClient
) -> None:
    callbacks = at_the_end_of_epoch(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        altitude.run(small_experiment(tracking=Mlflow(), callbacks=callbacks))
    assert only_run(default_store).info.status == "KILLED"


@pytest.mark.parametrize(
    "loop", [TrainStep, *(pytest.param(loop, marks=pytest.mark.slow) for loop in (Fit, Tape))]
)
def test_what_a_users_callback_logs_lands_in_the_run(
    loop: type[Fit], small_experiment: ExperimentFactory, default_store: MlflowClient
) -> None:
    callbacks = at_the_end_of_epoch(1, lambda: mlflow.log_metric("mine", 7.0))
    tracking = Mlflow()
    result = altitude.run(
        small_experiment(tracking=tracking, callbacks=callbacks, loop=loop(epochs=1))
    )
    run = only_run(default_store)
    assert (run.info.run_id, run.data.metrics["mine"]) == (result.run_id, 7.0)
    assert "best.keras" in artifacts(default_store, run)


def test_a_run_inside_a_run_of_the_users_own(
    small_experiment: ExperimentFactory, default_store: MlflowClient
) -> None:
    with mlflow.start_run() as mine:
        result = altitude.run(small_experiment(tracking=Mlflow(), loop=Fit(epochs=1)))
        active = mlflow.active_run()
        assert active is not None
        assert active.info.run_id == mine.info.run_id
        mlflow.log_metric("mine", 7.0)
    assert result.run_id is not None
    inner = default_store.get_run(result.run_id)
    outer = default_store.get_run(mine.info.run_id)
    assert (inner.info.status, outer.info.status) == ("FINISHED", "FINISHED")
    assert outer.data.metrics == {"mine": 7.0}
    assert "mine" not in inner.data.metrics


@pytest.mark.slow
def test_the_model_opens_where_altitude_is_unknown(
    small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    loop = Tape(epochs=1, clip_norm=1.0)
    result = altitude.run(small_experiment(loop=loop))
    process = run_python("-c", LOAD, str(result.model_path), folder=working_folder)
    assert process.returncode == 0, process.stderr
    kind, _, outputs = process.stdout.partition(" ")
    assert kind == "Functional"
    expected = keras.models.load_model(result.model_path).predict(np.zeros((1, 8, 8)), verbose=0)
    np.testing.assert_array_equal(np.float32(json.loads(outputs)), expected)


def refused(uri: str, folder: Path) -> str:
    """What the command says of a server, with data that would be an error if it were loaded."""
    data = ("dataset=npz", f"dataset.path={unsound_data(folder)}")
    process = start_python("-m", "altitude", f"tracking.uri={uri}", *data, folder=folder)
    try:
        _, stderr = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    assert process.returncode == 1
    return stderr


def test_a_closed_port_is_an_error_before_the_data_is_loaded(working_folder: Path) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    stderr = refused(uri, working_folder)
    assert f"altitude: the tracking server {uri} does not answer" in stderr
    assert "tracking=none" in stderr
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_a_mute_server_is_an_error_within_ten_seconds(working_folder: Path) -> None:
    with mute_server() as uri:
        stderr = refused(uri, working_folder)
    assert f"altitude: the tracking server {uri} does not answer" in stderr
    assert "Traceback" not in stderr


def test_a_server_that_is_down_is_an_error_from_python_too(
    small_experiment: ExperimentFactory,
) -> None:
    tracking = Mlflow(uri=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TrackingError, match="does not answer"):
        altitude.run(small_experiment(tracking=tracking))


@pytest.fixture(scope="module")
def server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / "server.db")
    with tracking_server(folder) as started:
        yield started


@pytest.mark.slow
def test_a_server_receives_everything(
    server: TrackingServer,
    small_experiment: ExperimentFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    experiment = small_experiment(tracking=Mlflow(uri=server.uri), loop=Fit(epochs=2))
    result = altitude.run(experiment, console=Console(file=io.StringIO()))
    client = MlflowClient(server.uri)
    run = only_run(client)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_loss"] == result.metrics["test_loss"]
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 2
    assert artifacts(client, run) == {
        "best.keras",
        "config.yaml",
        "curves.png",
        "overrides.yaml",
        "result.json",
    }
    page = run_page(run.info.experiment_id, run.info.run_id)
    assert result.how_to_open == f"{server.uri}/{page}"
    assert capsys.readouterr().out == ""  # what MLflow says of the run, the closing table says


# The last test here: it leaves no server to those that might come after it.
@pytest.mark.slow
def test_a_server_that_dies_in_mid_training_costs_nothing(
    server: TrackingServer, small_experiment: ExperimentFactory
) -> None:
    screen = io.StringIO()
    result = altitude.run(
        small_experiment(
            tracking=Mlflow(uri=server.uri),
            loop=Fit(epochs=4),
            callbacks=at_the_end_of_epoch(2, server.kill),
        ),
        console=Console(file=screen, width=1000),
    )
    assert len(result.metrics_by_epoch["loss"]) == 4
    assert keras.models.load_model(result.model_path).count_params() > 0
    unsent = result.output_dir / "unsent-tracking.jsonl"
    records = [json.loads(line) for line in unsent.read_text().splitlines()]
    assert {record["run_id"] for record in records} == {result.run_id}
    assert [record["step"] for record in records if "metrics" in record] == [2, 3, 4, 4]
    assert records[-1]["status"] == "FINISHED"
    kept = [Path(record["artifact"]).name for record in records if "artifact" in record]
    assert kept == ["best.keras", "curves.png", "result.json"]
    closing = screen.getvalue().splitlines()[-1]
    assert f"{len(records)} records could not be sent to {server.uri}" in closing
    assert str(unsent) in closing
    assert mlflow.active_run() is None


LEFT_OPEN = """
from pathlib import Path
from altitude import Experiment
from altitude.tracking import Mlflow
from altitude.runs.describe import describe_run
from altitude.tracking.opening import open_mlflow_run
open_mlflow_run(Mlflow(), describe_run(Experiment(output_dir=Path("run"))))
"""


@pytest.mark.slow
def test_a_run_that_nobody_has_closed_is_not_called_finished(
    working_folder: Path, default_store: MlflowClient
) -> None:
    process = run_python("-c", LEFT_OPEN, folder=working_folder)
    assert process.returncode == 0, process.stderr
    assert only_run(default_store).info.status == "KILLED"


def test_a_traceback_that_cannot_be_written_hides_no_reason(
    small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    (working_folder / "run" / "traceback.txt").mkdir(parents=True)

    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    callbacks = {"full": lambda: AtTheEndOfEpoch(1, fail)}
    experiment = small_experiment(loop=Fit(epochs=2), callbacks=callbacks, tracking=Mlflow())
    with pytest.raises(OSError, match="No space left"):
        altitude.run(experiment)
    client = MlflowClient()
    (run,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert run.info.status == "FAILED"
    assert "No space left on device" in run.data.tags["reason"]
