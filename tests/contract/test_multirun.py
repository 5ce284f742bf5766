"""Jobs of a multirun: each its own tracked run, and none of them knows of the others."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from tests.processes import Finished, finish, start_python

pytestmark = pytest.mark.slow

COMMON = (
    "dataset=digits",
    "loop=train_step",
    "loop.epochs=2",
    "model.dropout=0.2",
    "~callbacks.tensorboard",
)
SWEEP = ("-m", "optimizer.learning_rate=1e-3,3e-4", "hydra.sweep.dir=jobs")
ALONE = ("optimizer.learning_rate=3e-4", "hydra.run.dir=alone")


class Folder:
    """A working folder in which a multirun of two jobs and the second of them alone were run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.client = MlflowClient(f"sqlite:///{path}/mlflow.db")

    def runs(self, name: str) -> list[Run]:
        experiment = self.client.get_experiment_by_name(name)
        assert experiment is not None
        order = ["attributes.start_time"]
        found = self.client.search_runs([experiment.experiment_id], order_by=order)
        return [run for run in found if run.data.tags.get("role") != "summary"]

    def numbers(self, run: Run) -> dict[str, list[float]]:
        """All that was measured, but for how long it took."""
        names = set(run.data.metrics) - {"epoch_seconds"}
        return {name: self._history(run, name) for name in sorted(names)}

    def weights(self, job: str) -> list[np.ndarray]:
        model = keras.models.load_model(self.path / job / "best.keras")
        return [np.asarray(array) for array in model.get_weights()]

    def _history(self, run: Run, name: str) -> list[float]:
        return [m.value for m in self.client.get_metric_history(run.info.run_id, name)]


@pytest.fixture(scope="module")
def finished(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Folder, list[Finished]]:
    path = tmp_path_factory.mktemp("multirun")
    shutil.copy(empty_store, path)
    started = [
        start_python(
            "-m", "altitude", *own, *COMMON, f"tracking.experiment_name={name}", folder=path
        )
        for name, own in (("sweep", SWEEP), ("single", ALONE))
    ]
    return Folder(path), [finish(process) for process in started]


@pytest.fixture(scope="module")
def folder(finished: tuple[Folder, list[Finished]]) -> Folder:
    assert [process.stderr for process in finished[1] if process.returncode] == []
    return finished[0]


def test_nothing_is_written_to_the_error_output(finished: tuple[Folder, list[Finished]]) -> None:
    assert [process.stderr for process in finished[1]] == ["", ""]


def test_each_job_has_its_own_run(folder: Folder) -> None:
    runs = folder.runs("sweep")
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    assert [run.data.params["optimizer.learning_rate"] for run in runs] == ["0.001", "0.0003"]


def test_jobs_differ(folder: Folder) -> None:
    first, second = folder.runs("sweep")
    assert folder.numbers(first)["loss"] != folder.numbers(second)["loss"]


def test_the_second_job_measures_what_it_measures_alone(folder: Folder) -> None:
    (alone,) = folder.runs("single")
    numbers = folder.numbers(alone)
    assert {"loss", "val_accuracy", "test_loss", "best_epoch"} <= set(numbers)
    assert folder.numbers(folder.runs("sweep")[1]) == numbers


def test_the_second_job_has_the_weights_that_it_has_alone(folder: Folder) -> None:
    together, alone = folder.weights("jobs/1"), folder.weights("alone")
    assert [array.shape for array in together] == [array.shape for array in alone]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_sweep_that_is_done_answers_without_tensorflow(folder: Folder) -> None:
    again = (*SWEEP[:-1], "hydra.sweep.dir=again", *COMMON, "tracking.experiment_name=sweep")
    process = finish(
        start_python("-m", "altitude", *again, folder=folder.path, PYTHONPROFILEIMPORTTIME="1")
    )
    assert process.returncode == 0
    assert "2 jobs, 2 of them done before: skipped" in process.stdout
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert {"mlflow", "tensorflow", "keras"} & imported == {"mlflow"}
    assert list((folder.path / "again").glob("worker-*.log")) == []
    assert (folder.path / "again" / "multirun.yaml").exists()
