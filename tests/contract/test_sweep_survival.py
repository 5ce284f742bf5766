"""A sweep survives its jobs, its workers, its launcher and its user."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from altitude.tracking.tags import CONFIG_HASH
from tests.contract.sweeping import SweepFolder, kill_tree, process_of, wait_for
from tests.processes import Finished, finish

pytestmark = pytest.mark.slow

COMMON = ("dataset=digits", "dataset.limit=500", "callbacks=mine", "hydra.sweep.dir=jobs")
FAILING = ("-m", *COMMON, "loop.epochs=3", "callbacks.misbehave.how=well,raise,exit,kill")
LONG = (*COMMON, "loop.epochs=60", "loop.steps_per_execution=1")
KILLED = ("-m", *LONG, "seed=1,2,3,4", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def new_folder(path: Path, store: Path) -> SweepFolder:
    shutil.copy(store, path)
    return SweepFolder(path)


@pytest.fixture(scope="module")
def failed(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SweepFolder, Finished]:
    """A sweep of which one job is well, and the others fail in three ways."""
    folder = new_folder(tmp_path_factory.mktemp("failed"), empty_store)
    return folder, folder.launch(*FAILING)


def test_the_other_jobs_go_on(failed: tuple[SweepFolder, Finished]) -> None:
    folder, _ = failed
    statuses = {run.data.tags["how"]: run.info.status for run in folder.jobs()}
    assert statuses == {"well": "FINISHED", "raise": "FAILED", "exit": "FAILED", "kill": "KILLED"}


def test_each_failure_has_its_reason(failed: tuple[SweepFolder, Finished]) -> None:
    folder, _ = failed
    reasons = {run.data.tags["how"]: run.data.tags.get("reason", "") for run in folder.jobs()}
    assert reasons["well"] == ""
    assert reasons["raise"] == "LookupError: no such thing"
    assert reasons["exit"] == "SystemExit: 3"
    assert "SIGKILL" in reasons["kill"]


def test_a_failure_has_its_traceback_among_its_artifacts_and_in_its_log(
    failed: tuple[SweepFolder, Finished],
) -> None:
    folder, _ = failed
    (run,) = (run for run in folder.jobs() if run.data.tags["how"] == "raise")
    assert "traceback.txt" in folder.artifacts(run)
    log = folder.path / "jobs" / run.data.tags["job_number"] / "altitude.log"
    assert "Traceback (most recent call last):" in log.read_text()
    assert "LookupError: no such thing" in log.read_text()


def test_the_failures_are_listed_and_the_exit_status_is_not_zero(
    failed: tuple[SweepFolder, Finished],
) -> None:
    _, process = failed
    assert process.returncode == 1
    assert "how=raise: FAILED, LookupError: no such thing" in process.stdout
    assert "how=exit: FAILED, SystemExit: 3" in process.stdout
    assert "how=kill: KILLED, " in process.stdout
    assert process.stderr.startswith("altitude: 3 of 4 jobs failed. To run them again: altitude ")


def test_launched_again_it_runs_what_failed_and_nothing_else(
    failed: tuple[SweepFolder, Finished],
) -> None:
    folder, _ = failed
    (well,) = (run for run in folder.jobs() if run.data.tags["how"] == "well")
    again = folder.launch(*FAILING, BEHAVE="yes")
    assert again.returncode == 0, again.stderr
    assert "4 jobs, 1 of them done before" in again.stdout
    jobs = folder.jobs()
    assert [run.info.status for run in jobs] == ["FINISHED"] * 4
    assert len({run.data.tags[CONFIG_HASH] for run in jobs}) == 4
    assert well.info.run_id in {run.info.run_id for run in jobs}
    assert len(folder.runs("tags.role = 'attempt'")) == 2  # the job that was killed went on
    counts = {kind: folder.summary().data.tags[f"jobs.{kind}"] for kind in ("done", "skipped")}
    assert counts == {"done": "4", "skipped": "1"}


@pytest.fixture(scope="module")
def resumed(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """A sweep whose launcher, whose worker, and whose whole tree were killed, and that went on."""
    folder = new_folder(tmp_path_factory.mktemp("killed"), empty_store)
    first = folder.start(*KILLED)
    wait_for(lambda: folder.jobs("FINISHED"), first)
    first.kill()
    first.communicate()
    second = folder.start(*KILLED)
    wait_for(lambda: folder.jobs("RUNNING"), second)
    os.kill(process_of(folder.jobs("RUNNING")[0]), signal.SIGKILL)
    wait_for(lambda: folder.jobs("KILLED"), second)
    kill_tree(second)
    last = folder.launch(*KILLED)
    assert last.returncode == 0, last.stderr
    return folder


def test_a_killed_sweep_ends_with_the_jobs_of_an_undisturbed_one(resumed: SweepFolder) -> None:
    jobs = resumed.jobs()
    assert sorted(run.data.params["seed"] for run in jobs) == ["1", "2", "3", "4"]
    assert {run.info.status for run in jobs} == {"FINISHED"}


def test_a_killed_sweep_leaves_nothing_running(resumed: SweepFolder) -> None:
    assert resumed.runs("attributes.status = 'RUNNING'") == []
    assert resumed.summary().info.status == "FINISHED"


def test_the_jobs_of_a_killed_sweep_measure_what_they_measure_alone(resumed: SweepFolder) -> None:
    alone = resumed.launch(*LONG, "seed=3", "hydra.run.dir=alone")
    assert alone.returncode == 0, alone.stderr
    (single,) = (run for run in resumed.runs() if "role" not in run.data.tags)
    (job,) = (run for run in resumed.jobs() if run.data.params["seed"] == "3")
    for metric in ("loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy"):
        assert resumed.history(job, metric) == resumed.history(single, metric)


def test_ctrl_c_closes_what_runs_and_says_how_to_go_on(empty_store: Path, tmp_path: Path) -> None:
    folder = new_folder(tmp_path, empty_store)
    process = folder.start(*KILLED, "loop.epochs=100000")
    wait_for(lambda: len(folder.jobs("RUNNING")) == 2, process)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.returncode == 130
    assert [run.info.status for run in folder.jobs()] == ["KILLED", "KILLED"]
    assert {run.data.tags["reason"] for run in folder.jobs()} == {"Ctrl-C"}
    assert folder.summary().info.status == "KILLED"
    assert "leaderboard.csv" in folder.artifacts(folder.summary())
    assert "stopped: Ctrl-C. To go on from here: altitude --config-dir conf -m " in ended.stdout
