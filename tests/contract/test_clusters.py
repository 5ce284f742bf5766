"""Sweeps on engines that run jobs elsewhere: the truth is in MLflow, not in what they return."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.sweeping import SweepFolder, wait_for
from tests.processes import Finished, environment, finish, free_port, run_altitude

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

COMMON = ("dataset=digits", "dataset.limit=500", "callbacks=mine", "hydra.sweep.dir=jobs")
FAILING = (*COMMON, "loop.epochs=3", "callbacks.misbehave.how=kill,raise,well")
LONG = (*COMMON, "loop.steps_per_execution=1", "seed=1,2")
SUBMITIT = ("hydra/launcher=submitit_local",)
START_RAY = ("--head", "--num-cpus=2", "--include-dashboard=false")


def require(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def new_folder(path: Path, store: Path) -> SweepFolder:
    shutil.copy(store, path)
    return SweepFolder(path)


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """A Ray head that listens on loopback alone and wants a token; yields how it is chosen."""
    require("ray")
    require("hydra_plugins.hydra_ray_launcher")
    folder = tmp_path_factory.mktemp("ray")
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    changes = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # or it takes the machine's outer address
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    port = free_port()
    command = (sys.executable, "-m", "ray.scripts.scripts", "start", *START_RAY, f"--port={port}")
    head = subprocess.Popen(
        [*command, "--object-store-memory=100000000", "--block"],
        env=environment(**changes),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    address = f"hydra.launcher.ray.init.address=127.0.0.1:{port}"
    try:
        yield (
            "hydra/launcher=ray",
            address,
            "+hydra.launcher.ray.init.object_store_memory=null",
            "+hydra.launcher.ray.remote.max_retries=0",
        )
    finally:
        head.terminate()  # which ends all that it has started
        head.wait()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module", params=["submitit_local", "ray"])
def engine(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "ray":
        chosen: tuple[str, ...] = request.getfixturevalue("ray")
        return chosen
    require("submitit")
    require("hydra_plugins.hydra_submitit_launcher")
    return SUBMITIT


@pytest.fixture(scope="module")
def failed(
    engine: tuple[str, ...], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SweepFolder, Finished, Finished]:
    """A sweep of which one job raises and one is killed; and the same sweep once more."""
    folder = new_folder(tmp_path_factory.mktemp("failed"), empty_store)
    first = folder.launch("-m", *FAILING, *engine)
    jobs = {run.data.tags["how"]: run for run in folder.jobs()}
    assert {how: run.info.status for how, run in jobs.items()} == {
        "kill": "KILLED",
        "raise": "FAILED",
        "well": "FINISHED",
    }
    assert jobs["raise"].data.tags["reason"] == "LookupError: no such thing"
    # Workers of a cluster have the environment that it was started with: behave by the module.
    module = folder.path / "misbehave.py"
    module.write_text(module.read_text().replace('os.environ.get("BEHAVE")', "True"))
    return folder, first, folder.launch("-m", *FAILING, *engine)


def test_a_job_that_dies_is_recorded_and_the_others_end(
    failed: tuple[SweepFolder, Finished, Finished],
) -> None:
    _, first, _ = failed
    assert first.returncode == 1, first.stderr
    assert "altitude: 2 of 3 jobs failed" in first.stderr


def test_launched_again_it_runs_what_is_missing_and_nothing_else(
    failed: tuple[SweepFolder, Finished, Finished],
) -> None:
    folder, _, again = failed
    assert again.returncode == 0, again.stderr
    assert "3 jobs, 1 of them done before" in again.stdout
    assert {run.data.tags["how"]: run.info.status for run in folder.jobs()} == {
        "kill": "FINISHED",
        "raise": "FINISHED",
        "well": "FINISHED",
    }
    assert sorted(run.info.run_name for run in folder.jobs()) == [
        "how=kill",
        "how=raise",
        "how=well",
    ]
    assert len(folder.runs("tags.role = 'attempt'")) == 1  # the job that was killed went on


def test_a_launcher_that_is_killed_loses_no_job_and_repeats_none(
    engine: tuple[str, ...], empty_store: Path, tmp_path: Path
) -> None:
    folder = new_folder(tmp_path, empty_store)
    sweep = ("-m", *LONG, *engine, "loop.epochs=40")
    first = folder.start(*sweep)
    wait_for(lambda: len(folder.jobs("RUNNING")) == 2, first)
    first.kill()
    first.communicate()
    last = folder.launch(*sweep)
    assert last.returncode == 0, last.stderr
    assert [run.info.status for run in folder.jobs()] == ["FINISHED", "FINISHED"]
    assert sorted(run.data.params["seed"] for run in folder.jobs()) == ["1", "2"]
    assert folder.runs("attributes.status = 'RUNNING'") == []


def test_ctrl_c_asks_the_jobs_to_stop_and_waits_for_them(
    engine: tuple[str, ...], empty_store: Path, tmp_path: Path
) -> None:
    folder = new_folder(tmp_path, empty_store)
    process = folder.start("-m", *LONG, *engine, "loop.epochs=100000")
    wait_for(lambda: len(folder.jobs("RUNNING")) == 2, process)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.returncode == 130, ended.stderr
    assert [run.info.status for run in folder.jobs()] == ["KILLED", "KILLED"]
    assert {run.data.tags["reason"] for run in folder.jobs()} == {"Ctrl-C"}
    assert "leaderboard.csv" in folder.artifacts(folder.summary())
    assert "stopped: Ctrl-C. To go on from here: altitude " in ended.stdout


def test_a_job_whose_time_is_over_is_requeued_and_goes_on(tmp_path: Path) -> None:
    require("submitit")
    require("hydra_plugins.hydra_submitit_launcher")
    time_limit = ("hydra.launcher.timeout_min=1",)  # submitit's signal comes 30 s before
    slow = ("+callbacks.slow._target_=tests.contract.killer.Slow", "+callbacks.slow.seconds=2")
    job = ("dataset=digits", "loop.epochs=30", "seed=1", *slow, *SUBMITIT, *time_limit)
    done = run_altitude("-m", *job, folder=tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = tmp_path.glob("multirun/*/*/*/altitude.log")
    assert "going on from epoch" in log.read_text()
    (found,) = SweepFolder(tmp_path).jobs()
    assert found.info.status == "FINISHED"
    assert found.data.tags["resumed"] == "1"
