"""A run that logs its resume points goes on where nothing but the tracking server is known."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.contract.test_resume import COMMON, run, weights_of
from tests.processes import tracking_server

pytestmark = pytest.mark.slow


def test_a_run_goes_on_on_another_machine(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("server", "whole", "here", "there")}
    for folder in folders.values():
        folder.mkdir()
    command = (*COMMON, "loop.epochs=4", "model.dropout=0.2")
    with tracking_server(folders["server"]) as server:
        store = {"MLFLOW_TRACKING_URI": server.uri}
        undisturbed = run(*command, folder=folders["whole"], **store)
        assert undisturbed.returncode == 0, undisturbed.stderr
        logging = "loop.checkpoint_artifact=true"
        killed = run(*command, logging, folder=folders["here"], kill_at="epoch_end::4", **store)
        assert killed.returncode == -signal.SIGKILL
        (begun,) = folders["here"].glob("outputs/*/*")
        run_id = (begun / ".run").read_text().split('"')[3]
        shutil.rmtree(folders["here"])
        done = run("resume", run_id, folder=folders["there"], **store)
        assert done.returncode == 0, done.stderr
        assert "going on from epoch" in done.stdout
        assert run_id in done.stdout
        assert weights_of(folders["there"]) == weights_of(folders["whole"])
        for label in ("best epoch", "validation", "test"):
            (ours,) = (line for line in done.stdout.splitlines() if line.startswith(label))
            assert ours in undisturbed.stdout
        refused = run("resume", run_id[:-1] + "?", folder=tmp_path, **store)
        assert refused.returncode == 2
