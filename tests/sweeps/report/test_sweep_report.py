from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.report.sweep_report import SweepReport
from altitude.sweeps.store.sweep_store import InMemorySweepStore, SweepResult

GOAL = Goal(metric="best_val_accuracy", direction="maximize")
COMMAND = "altitude -m dataset=digits seed=1,2,3"


class Notebook(InMemorySweepStore):
    """Keeps what a sweep leaves behind."""

    how_to_open = "mlflow ui"
    model: Path | None = None

    def model_of(self, record: JobRecord, folder: Path) -> Path | None:  # noqa: ARG002
        return self.model

    def close(self, result: SweepResult) -> None:
        self.closed = (
            result.status,
            dict(result.metrics),
            [path.name for path in result.files],
            result.note,
        )


@pytest.fixture
def jobs(compose: Composer) -> list[Job]:
    return compose_jobs(
        [("dataset=digits", f"seed={seed}") for seed in (1, 2, 3)], ["seed"], compose
    )


@pytest.fixture
def sweep_store(jobs: list[Job]) -> Notebook:
    """Two jobs that have finished, and one that has failed."""
    sweep_store = Notebook("sweep", [GOAL.metric])
    for job, accuracy in zip(jobs, (0.7, 0.75), strict=False):
        sweep_store.returned(job, None, accuracy)
    sweep_store.returned(jobs[2], LookupError("no such thing\nat all"), None)
    return sweep_store


def write(sweep_store: Notebook, jobs: Sequence[Job], folder: Path) -> list[str]:
    report = SweepReport(
        goals=[GOAL],
        records=[
            # Repeats over the seed would be one setting.
            replace(record, swept={"rate": record.number}, name=f"rate={record.number}")
            for record in sweep_store.records().values()
        ],
        jobs=jobs,
        folder=folder,
        command=COMMAND,
    )
    return list(report.write(sweep_store, "FAILED"))


def test_the_answer_comes_first_in_what_mlflow_shows(
    sweep_store: Notebook, jobs: list[Job], tmp_path: Path
) -> None:
    write(sweep_store, jobs, tmp_path)
    status, metrics, _, note = sweep_store.closed
    assert (status, metrics) == ("FAILED", {"best_val_accuracy": 0.75})
    first, second, *_ = note.split("\n\n")
    assert first == "**best: rate=1, 0.0500 ahead of the next**"
    assert second == f"`{COMMAND}`"
    assert note.count("0.0500 ahead of the next") == 1
    assert "Train it again: `altitude dataset=digits seed=2`" in note
    assert note.endswith("- job 2, rate=2: FAILED, LookupError: no such thing")


def test_what_people_look_at_is_there(
    sweep_store: Notebook, jobs: list[Job], tmp_path: Path
) -> None:
    lines = write(sweep_store, jobs, tmp_path / "new")
    files = set(sweep_store.closed[2])
    assert files >= {"leaderboard.csv", "leaderboard.md", "best_experiment.yaml"}
    assert files >= {"by_parameter.png", "parallel_coordinates.png"}
    assert all((tmp_path / "new" / name).stat().st_size for name in files)
    told = "\n".join(lines)
    assert "failed\n  job 2, rate=2: FAILED, LookupError: no such thing" in told
    assert f"its config      {tmp_path / 'new' / 'best_experiment.yaml'}" in lines
    assert "train it again  altitude dataset=digits seed=2" in lines
    assert lines[-1] == "open            mlflow ui"


@pytest.mark.parametrize(
    ("file", "label"), [("best.keras", "best model"), ("best.weights.h5", "best weights")]
)
def test_what_is_left_of_the_best_model_is_called_what_it_is(
    file: str, label: str, sweep_store: Notebook, jobs: list[Job], tmp_path: Path
) -> None:
    sweep_store.model = tmp_path / file
    lines = write(sweep_store, jobs, tmp_path)
    assert f"{label:<16}{tmp_path / file}" in lines
    assert f"Among the artifacts of this run: the {label}, `{file}`; " in sweep_store.closed[3]
    assert file in sweep_store.closed[2]


def test_a_model_that_is_not_there_is_not_said_to_be(
    sweep_store: Notebook, jobs: list[Job], tmp_path: Path
) -> None:
    write(sweep_store, jobs, tmp_path)
    assert "best.keras" not in sweep_store.closed[3]


def test_of_a_sweep_without_results_the_failures_are_told(jobs: list[Job], tmp_path: Path) -> None:
    sweep_store = Notebook("sweep", [GOAL.metric])
    sweep_store.returned(jobs[0], LookupError("no such thing"), None)
    lines = write(sweep_store, jobs, tmp_path)
    assert lines[0] == "no job has finished"
    assert sweep_store.closed[3].startswith("**no job has finished**")
    assert "rate=0: FAILED, LookupError: no such thing" in lines[1]


def test_where_no_job_reports_the_objective_there_is_no_best(
    jobs: list[Job], tmp_path: Path
) -> None:
    sweep_store = Notebook("sweep", ["test_accuracy"])
    sweep_store.returned(jobs[0], None, 0.5)
    lines = write(sweep_store, jobs, tmp_path)
    assert "no job has finished with best_val_accuracy" in lines[0]
    assert sweep_store.closed[1] == {}
    assert not any(line.startswith(("its config", "train it again")) for line in lines)


def test_a_narrow_screen_has_a_narrow_leaderboard(jobs: list[Job], tmp_path: Path) -> None:
    sweep_store = Notebook("sweep", [GOAL.metric, "test_accuracy", "best_epoch"])
    sweep_store.returned(jobs[0], None, [0.5, 0.25, 3.0])
    report = SweepReport(
        goals=[GOAL],
        records=list(sweep_store.records().values()),
        jobs=jobs,
        folder=tmp_path,
        command=COMMAND,
        width=40,
    )
    table = next(iter(report.write(sweep_store, "FINISHED"))).splitlines()
    assert max(map(len, table[:2])) <= 40
    assert "not shown, but in leaderboard.csv: best_epoch" in table
