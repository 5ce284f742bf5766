"""A run, a run that is not tracked, and a sweep, trained once for all tests of records."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import run_altitude

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
def trained(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("trained")
    sweep = ("-m", *SMALL, "loop.epochs=1", "optimizer.learning_rate=1e-6,1e-2")
    for command in (SMALL, (*SMALL, "tracking=none"), sweep):
        done = run_altitude(*command, folder=folder)
        assert done.returncode == 0, done.stderr
    run, untracked = sorted(folder.glob("outputs/*/*"))
    return Finished(folder, run, untracked, next(folder.glob("multirun/*/*")))


@pytest.fixture
def finished(trained: Finished, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """The runs, in their working folder."""
    monkeypatch.chdir(trained.path)
    return trained
