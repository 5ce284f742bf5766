"""A server that goes away in mid-training costs no time and no data, and nothing is sent twice."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

import altitude
from altitude.cli.sync import main
from altitude.loops import Fit
from altitude.tracking import Mlflow
from altitude.tracking.outbox import FILE, read_records
from tests.conftest import ExperimentFactory
from tests.contract.test_survival import at_the_end_of_epoch
from tests.processes import TrackingServer, finish, start_python, tracking_server

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
EPOCHS = 4


class Line:
    """A line to a server that can be cut, and connected again."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut = True

    def connect(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                incoming, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                incoming.close()
                continue
            outgoing = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((incoming, outgoing), (outgoing, incoming)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while (data := source.recv(65536)) and not self._is_cut:
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    with tracking_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def line(server: TrackingServer) -> Iterator[Line]:
    line = Line(int(server.uri.rpartition(":")[2]))
    yield line
    line.close()


def train(
    make: ExperimentFactory, line: Line, name: str, callbacks: dict[str, Callable[[], Any]]
) -> Any:
    return altitude.run(
        make(
            tracking=Mlflow(uri=line.uri, experiment_name=name),
            loop=Fit(epochs=EPOCHS),
            callbacks=callbacks,
        )
    )


def require_whole(server: TrackingServer, run_id: str) -> None:
    """Every metric was logged at each epoch, once, and the run has ended."""
    client = MlflowClient(server.uri)
    assert client.get_run(run_id).info.status == "FINISHED"
    for name in ("loss", "val_loss"):
        steps = [point.step for point in client.get_metric_history(run_id, name)]
        assert steps == list(range(1, EPOCHS + 1))
    assert "best.keras" in {file.path for file in client.list_artifacts(run_id)}


def test_a_server_that_comes_back_has_everything_at_the_end(
    small_experiment: ExperimentFactory, server: TrackingServer, line: Line
) -> None:
    moments = at_the_end_of_epoch(2, line.cut) | {
        f"back {name}": make for name, make in at_the_end_of_epoch(EPOCHS, line.connect).items()
    }
    result = train(small_experiment, line, "back", moments)
    assert not (result.output_dir / FILE).exists()
    require_whole(server, result.run_id)


def test_what_was_not_sent_is_sent_later_once_with_its_times(
    small_experiment: ExperimentFactory,
    server: TrackingServer,
    line: Line,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = train(small_experiment, line, "gone", at_the_end_of_epoch(2, line.cut))
    unsent = result.output_dir / FILE
    records = read_records(unsent)
    copy = shutil.copy(unsent, unsent.with_suffix(".copy"))
    assert len(records) > 3
    with pytest.raises(SystemExit) as exit_:
        main([str(result.output_dir)])  # it is still away
    assert exit_.value.code == 1
    assert read_records(unsent) == records
    line.connect()
    main([str(result.output_dir.parent)])
    assert f"{len(records)} records sent" in capsys.readouterr().out
    assert not unsent.exists()
    require_whole(server, result.run_id)
    run = MlflowClient(server.uri).get_run(result.run_id)
    assert run.info.end_time == records[-1]["timestamp"]
    main([str(result.output_dir)])
    assert "nothing to send" in capsys.readouterr().out
    shutil.copy(copy, unsent)  # as after a kill between sending and writing that down
    main([str(result.output_dir)])
    require_whole(server, result.run_id)


def test_a_run_that_need_not_be_logged_there_is_logged_in_its_folder_and_sent(
    small_experiment: ExperimentFactory,
    server: TrackingServer,
    line: Line,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line.cut()
    tracking = Mlflow(uri=line.uri, experiment_name="away", required=False)
    result = altitude.run(small_experiment(tracking=tracking, loop=Fit(epochs=EPOCHS)))
    assert "the run is logged in its own folder" in capsys.readouterr().out
    local = MlflowClient(f"sqlite:///{result.output_dir / 'mlflow.db'}")
    line.connect()
    main([])
    run_id = capsys.readouterr().out.split()[-1]
    require_whole(server, run_id)
    assert result.run_id is not None
    ours, theirs = local.get_run(result.run_id), MlflowClient(server.uri).get_run(run_id)
    for name in ("start_time", "end_time", "status", "run_name"):
        assert getattr(ours.info, name) == getattr(theirs.info, name)
    assert ours.data.params == theirs.data.params
    assert ours.data.metrics == theirs.data.metrics
    main([])
    assert "nothing to send" in capsys.readouterr().out


def test_a_server_whose_disk_was_full_for_a_while_has_everything_at_the_end(
    small_experiment: ExperimentFactory, server: TrackingServer, line: Line
) -> None:
    moments = at_the_end_of_epoch(2, server.fill_disk) | {
        f"free {name}": make for name, make in at_the_end_of_epoch(EPOCHS, server.free_disk).items()
    }
    try:
        result = train(small_experiment, line, "full", moments)
    finally:
        server.free_disk()
    assert not (result.output_dir / FILE).exists()
    require_whole(server, result.run_id)


def test_a_sweep_waits_for_its_server_and_loses_nothing(
    server: TrackingServer, line: Line, tmp_path: Path
) -> None:
    slow = ("+callbacks.slow._target_=tests.contract.killer.Slow", "+callbacks.slow.seconds=1")
    where = (f"tracking.uri={line.uri}", "tracking.experiment_name=swept")
    sweep = ("-m", "dataset=digits", f"loop.epochs={EPOCHS}", "optimizer.learning_rate=1e-3,3e-3")
    process = start_python(
        *("-m", "altitude", *sweep, *where, *slow), folder=tmp_path, PYTHONPATH=str(ROOT)
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.1)
    line.cut()
    time.sleep(15)  # the first job ends meanwhile, and the second one begins
    line.connect()
    done = finish(process)
    assert done.returncode == 0, done.stderr
    client = MlflowClient(server.uri)
    (experiment,) = client.search_experiments(filter_string="name = 'swept'")
    jobs = client.search_runs([experiment.experiment_id], "tags.role != 'summary'")
    assert len(jobs) == 2
    for job in jobs:
        require_whole(server, job.info.run_id)


def test_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["nowhere"])
    assert exit_.value.code == 2
    assert "nowhere, which is no folder" in capsys.readouterr().err


def test_an_artifact_that_was_deleted_is_left_and_named(
    small_experiment: ExperimentFactory, line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    result = train(small_experiment, line, "deleted", at_the_end_of_epoch(2, line.cut))
    Path(result.output_dir / "curves.png").unlink()
    line.connect()
    with pytest.raises(SystemExit):
        main([str(result.output_dir)])
    assert "1 record left: " in capsys.readouterr().err
    (left,) = read_records(result.output_dir / FILE)
    assert left["artifact"].endswith("curves.png")
