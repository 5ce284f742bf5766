"""A search that is killed and launched again ends with exactly the jobs of an undisturbed one."""

import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from altitude.sweeps import Optuna
from altitude.sweeps.job_record import JobRecord
from altitude.sweeps.plan.space import Space
from altitude.sweeps.search.proposals import SweepContext
from altitude.tracking.tags import CONFIG_HASH
from tests.processes import TIMEOUT, Finished, Process, finish, run_altitude, start_python

pytestmark = pytest.mark.slow

TRIALS = 6
SWEPT = (
    "optimizer.learning_rate=tag(log, interval(1e-4, 1e-1))",
    "callbacks.early_stopping.patience=2,3",
)
COMMAND = (
    *("-m", "sweep=optuna", f"sweep.n_trials={TRIALS}", "sweep.pruner=hyperband"),
    "+sweep.sampler_arguments.n_startup_trials=2",
    *("dataset=digits", "dataset.limit=400", "loop=train_step", "loop.epochs=3"),
    *("~callbacks.tensorboard", *SWEPT),
)


class Folder:
    """A working folder in which a search was killed in the middle, and then launched again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.client = MlflowClient(f"sqlite:///{path}/mlflow.db")

    def runs(self, role: str) -> list[Run]:
        experiment = self.client.get_experiment_by_name("altitude")
        if experiment is None:
            return []
        return list(self.client.search_runs([experiment.experiment_id], f"tags.role = '{role}'"))

    def jobs(self) -> list[Run]:
        return sorted(self.runs("job"), key=lambda run: int(run.data.tags["job_number"]))

    def wait_for_jobs(self, count: int, process: Process) -> None:
        deadline = time.monotonic() + TIMEOUT
        while sum(run.info.status == "FINISHED" for run in self.jobs()) < count:
            assert process.poll() is None, finish(process)
            assert time.monotonic() < deadline, "the search does not get on"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def launched(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Folder, Finished]:
    path = tmp_path_factory.mktemp("search")
    shutil.copy(empty_store, path)
    folder = Folder(path)
    process = start_python("-m", "altitude", *COMMAND, folder=path)
    try:
        folder.wait_for_jobs(2, process)
    finally:
        process.send_signal(signal.SIGKILL)
        finish(process)
    return folder, run_altitude(*COMMAND, folder=path)


def test_the_second_launch_ends_well_and_says_what_it_skipped(
    launched: tuple[Folder, Finished],
) -> None:
    finished = launched[1]
    assert (finished.returncode, finished.stderr) == (0, "")
    assert f": {TRIALS} jobs, " in finished.stdout
    assert "done before: skipped" in finished.stdout


def test_every_trial_is_one_job_and_none_is_left_running(
    launched: tuple[Folder, Finished],
) -> None:
    jobs = launched[0].jobs()
    assert [run.data.tags["job_number"] for run in jobs] == [str(n) for n in range(TRIALS)]
    assert {run.info.status for run in jobs} == {"FINISHED"}
    assert len({run.data.tags[CONFIG_HASH] for run in jobs}) == TRIALS
    (summary,) = launched[0].runs("summary")
    assert summary.info.status == "FINISHED"
    assert summary.data.tags["jobs.done"] == str(TRIALS)
    assert summary.data.tags["jobs.left"] == "0"


def test_the_study_knows_what_became_of_every_job(launched: tuple[Folder, Finished]) -> None:
    pruned = ["pruned" in run.data.tags for run in launched[0].jobs()]
    with sqlite3.connect(launched[0].path / "optuna.db") as database:
        found = database.execute("SELECT state FROM trials ORDER BY number").fetchall()
    assert [state == "PRUNED" for (state,) in found] == pruned
    assert {state for (state,) in found} <= {"COMPLETE", "PRUNED"}


def test_the_jobs_are_those_of_a_search_that_was_not_killed(
    launched: tuple[Folder, Finished],
) -> None:
    jobs = launched[0].jobs()
    told = [run.data.params["optimizer.learning_rate"] for run in jobs]
    assert list(_undisturbed(jobs)) == pytest.approx([float(rate) for rate in told])


def _undisturbed(jobs: list[Run]) -> Iterator[float]:
    """Learning rates that a search suggests which is told the same results without a break."""
    settings = Optuna(
        n_trials=TRIALS,
        sampler_arguments={"n_startup_trials": 2},
        objective="best_val_accuracy",
        direction="maximize",
    )
    swept = tuple(OverridesParser.create().parse_overrides(list(SWEPT)))
    study = SweepContext(sweep_id="undisturbed", tracking_uri=None, parallel=1)
    search = settings.begin([Space((), swept)], study)
    while proposals := search.propose():
        yield float(proposals[0].overrides[0].partition("=")[2])
        run = jobs[proposals[0].number]
        record = JobRecord(
            number=proposals[0].number,
            name="",
            swept={},
            status="FINISHED",
            metrics=run.data.metrics,
            pruned="pruned" in run.data.tags,
            epochs=int(run.data.tags.get("pruned_epoch", 0)),
        )
        search.tell(record.number, record)
