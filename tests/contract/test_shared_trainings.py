"""Jobs that share a training end with the bits that each has alone, also if they are killed."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run

from altitude.tracking.tags import CONTINUES, FOLDER
from tests.contract.sweeping import SweepFolder, kill_tree, wait_for

pytestmark = pytest.mark.slow

SWEEP = (
    "-m",
    "dataset=digits",
    "dataset.batch_size=16",
    "experiment=mixup",
    "model.dropout=0.3",
    "loop=fit,train_step,tape",
    "loop.epochs=14",
    "callbacks.early_stopping.patience=1,6",
    "callbacks.reduce_lr_on_plateau.patience=0",
    "optimizer.learning_rate=1e-2",
)
JOBS = 6


def in_all(folder: SweepFolder) -> dict[str, Any]:
    """What each job came to: its whole history, its model and how it was stopped."""
    return {str(run.info.run_name): came_to(folder, run) for run in folder.jobs("FINISHED")}


def came_to(folder: SweepFolder, run: Run) -> Any:
    points = {
        name: sorted(
            (point.step, point.value)
            for point in folder.client.get_metric_history(run.info.run_id, name)
        )
        for name in run.data.metrics
        if name != "epoch_seconds"
    }
    with zipfile.ZipFile(Path(run.data.tags[FOLDER]) / "best.keras") as model:
        weights = hashlib.sha256(model.read("model.weights.h5")).hexdigest()
    table = run.data.tags["mlflow.note.content"].splitlines()
    return points, weights, [line for line in table if "stopped" in line]


def test_jobs_that_share_a_training_end_as_if_each_were_alone(tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    (tmp_path / "shared").mkdir()
    alone, shared = SweepFolder(tmp_path / "alone"), SweepFolder(tmp_path / "shared")
    done = alone.launch(*SWEEP, "sweep.share=false")
    assert done.returncode == 0, done.stderr
    assert not [run for run in alone.jobs() if CONTINUES in run.data.tags]

    for finished in (1, 4):
        process = shared.start(*SWEEP)
        wait_for(lambda count=finished: len(shared.jobs("FINISHED")) >= count, process)  # type: ignore[misc]
        kill_tree(process)
    done = shared.launch(*SWEEP)
    assert done.returncode == 0, done.stderr

    assert len(shared.jobs("FINISHED")) == JOBS
    assert in_all(shared) == in_all(alone)
    continued = [run for run in shared.jobs() if CONTINUES in run.data.tags]
    assert len(continued) == JOBS - 3  # all but one on each of three trajectories
    for run in continued:
        log = (Path(run.data.tags[FOLDER]) / "altitude.log").read_text()
        assert log.startswith("continuing the training of run ")
    assert not list(shared.path.glob("multirun/*/*/*/resume"))
