"""A run that is killed, again and again, and resumed ends with the bits of an undisturbed one."""

import hashlib
import signal
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from tests.contract.killer import MOMENT
from tests.processes import Finished, run_altitude

ROOT = Path(__file__).parents[2]
KILLER = "+callbacks.killer._target_=tests.contract.killer.Killer"
SAME_LINES = ("best epoch", "stopped", "validation", "test", "learning-rate cuts")

COMMON = ("dataset=digits", "loop.steps_per_execution=2", "loop.checkpoint_every_steps=2", KILLER)
RUNS = {
    "fit with dropout": (
        ("experiment=dropout_softmax", "loop.epochs=6", "callbacks.early_stopping.patience=1"),
        ("batch::7", "os.rename:best.keras:1", "train_end::1"),
    ),
    "train_step with mixup and a plateau": (
        (
            "experiment=mixup",
            "loop=train_step",
            "loop.clip_norm=1.0",
            "loop.epochs=5",
            "+callbacks.reduce_lr_on_plateau.min_delta=10",
        ),
        ("epoch_end::2", "os.rename:point-before:1", "open:curves.png:1"),
    ),
    "tape with averaged weights": (
        ("experiment=ema", "loop=tape", "loop.epochs=4"),
        ("batch::1", "open:upcoming-point:3", "test_batch::3"),
    ),
    "two devices": (
        ("loop=train_step", "loop.epochs=3", "strategy=mirrored", "strategy.logical_cpus=2"),
        ("batch::7",),
    ),
}


def run(*arguments: str, folder: Path, kill_at: str = "none::0", **more: str) -> Finished:
    surroundings = {MOMENT: kill_at, "PYTHONPATH": str(ROOT), **more}
    return run_altitude(*arguments, folder=folder, **surroundings)


def weights_of(folder: Path) -> str:
    """The hash of the weights in the best model's file, which must be whole."""
    (path,) = folder.glob("outputs/*/*/best.keras")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return hashlib.sha256(archive.read("model.weights.h5")).hexdigest()


def history_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """All that the only run of a store has logged: steps and values of each metric."""
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (found,) = client.search_runs(experiments)
    assert found.info.status == "FINISHED"
    return {
        name: [
            (point.step, 0.0 if name == "epoch_seconds" else point.value)
            for point in client.get_metric_history(found.info.run_id, name)
        ]
        for name in found.data.metrics
    }


def described(folder: Path, done: Finished) -> dict[str, Any]:
    lines = [line for line in done.stdout.splitlines() if line.startswith(SAME_LINES)]
    return {"weights": weights_of(folder), "history": history_of(folder), "lines": lines}


def killed_again_and_again(
    overrides: Sequence[str], moments: Sequence[str], folder: Path
) -> Finished:
    """Begins a run, kills it at each moment in turn, and goes on with it to its end."""
    command: Sequence[str] = overrides
    for moment in moments:
        killed = run(*command, folder=folder, kill_at=moment)
        assert killed.returncode == -signal.SIGKILL, (moment, killed.stdout, killed.stderr)
        command = ("resume", "latest")
    done = run(*command, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "going on from" in done.stdout
    return done


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_killed_ends_with_the_same_bits(name: str, tmp_path: Path) -> None:
    overrides, moments = RUNS[name]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    command = (*overrides, *COMMON)
    undisturbed = run(*command, folder=whole)
    assert undisturbed.returncode == 0, undisturbed.stderr
    done = killed_again_and_again(command, moments, broken)
    assert described(broken, done) == described(whole, undisturbed)
    assert not list(broken.glob("outputs/*/*/resume"))


@pytest.mark.slow
def test_a_killed_job_of_a_sweep_goes_on_when_the_sweep_is_launched_again(tmp_path: Path) -> None:
    sweep = ("-m", *COMMON, "loop.epochs=4", "optimizer.learning_rate=1e-3,3e-3")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    assert run(*sweep, folder=whole).returncode == 0
    killed = run(*sweep, folder=broken, kill_at="epoch_end::3")
    assert killed.returncode != 0
    done = run(*sweep, folder=broken)
    assert done.returncode == 0, done.stderr
    logs = [path.read_text() for path in broken.glob("multirun/*/*/*/altitude.log")]
    assert sum("going on from epoch" in log for log in logs) == 2
    assert histories_of_jobs(broken) == histories_of_jobs(whole)


def histories_of_jobs(folder: Path) -> dict[str, list[list[tuple[int, float]]]]:
    """Steps and values of the scores of each job, by its name; one list for each run of it."""
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    jobs: dict[str, list[list[tuple[int, float]]]] = {}
    for found in client.search_runs(experiments, "tags.role != 'summary'"):
        history = client.get_metric_history(found.info.run_id, "val_loss")
        points = sorted((point.step, point.value) for point in history)
        jobs.setdefault(found.info.run_name, []).append(points)
    return jobs
