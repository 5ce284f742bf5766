"""A run, a run that is not tracked, and a sweep, trained once for all tests of records."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from altitude.runs.output_folder import RunFolder
from tests.processes import run_altitude, tracking_server

SMALL = ("dataset=digits", "model.hidden_units=[16]", "loop.epochs=2", "callbacks=[]")


@dataclass(frozen=True)
class Finished:
    """A working folder in which runs have finished.

    Attributes:
        path: The working folder.
        run: The folder of a tracked run.
        untracked: The folder of a run that was not tracked, begun later.
        sweep: The folder of a sweep over the learning rate, of which 0.01 is the better one.
    """

    path: Path
    run: Path
    untracked: Path
    sweep: Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Finished:
    """The runs, which the processes of parallel tests share: no test may change them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "trained"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            folder.mkdir()
            _train(folder)
    run, untracked = sorted(folder.glob("outputs/*/*"))
    return Finished(folder, run, untracked, next(folder.glob("multirun/*/*")))


def _train(folder: Path) -> None:
    sweep = ("-m", *SMALL, "loop.epochs=1", "optimizer.learning_rate=1e-6,1e-2")
    for command in (SMALL, (*SMALL, "tracking=none"), sweep):
        done = run_altitude(*command, folder=folder)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def finished(trained: Finished, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """The runs, in their working folder."""
    monkeypatch.chdir(trained.path)
    return trained


@pytest.fixture(scope="session")
def on_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URI of a real server and the id of a run there, whose folder is gone."""
    folder = tmp_path_factory.mktemp("server")
    with tracking_server(folder) as server:
        done = run_altitude(*SMALL, f"tracking.uri={server.uri}", folder=folder)
        assert done.returncode == 0, done.stderr
        (run,) = folder.glob("outputs/*/*")
        run_id = RunFolder.read(run).run_id
        shutil.rmtree(folder / "outputs")
        yield server.uri, str(run_id)
