"""Single runs whose process was killed are ended by the next run, which says how to go on."""

from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

import altitude
from altitude.loops import Fit
from altitude.tracking import Mlflow
from altitude.tracking.liveness import process_tags
from altitude.tracking.outbox import FILE, Record, write_records
from altitude.tracking.settling import GONE
from altitude.tracking.tags import FOLDER, PROCESS, REASON, ROLE
from tests.conftest import ExperimentFactory


def test_a_run_that_was_killed_is_settled_by_the_next_one(
    small_experiment: ExperimentFactory,
) -> None:
    experiment = small_experiment(loop=Fit(epochs=1), tracking=Mlflow(experiment_name="mine"))
    first = altitude.run(experiment)
    client = MlflowClient()
    known = client.get_run(str(first.run_id))
    dead = {PROCESS: process_tags()[PROCESS].rsplit(" ", 2)[0] + " 999999999 1.0"}
    runs = {
        name: client.create_run(known.info.experiment_id, tags=tags).info.run_id
        for name, tags in {
            "killed": dead,
            "alive": process_tags(),
            "job": {**dead, ROLE: "job"},
            "of others": {},
        }.items()
    }
    with pytest.warns(UserWarning, match=f"Go on: altitude resume {runs['killed']}"):
        altitude.run(experiment)
    statuses = {name: client.get_run(run_id).info.status for name, run_id in runs.items()}
    assert statuses == {
        "killed": "KILLED",
        "alive": "RUNNING",
        "job": "RUNNING",
        "of others": "RUNNING",
    }
    assert client.get_run(runs["killed"]).data.tags[REASON] == GONE


def test_a_run_that_could_not_say_that_it_had_ended_is_no_killed_one(
    small_experiment: ExperimentFactory, tmp_path: Path
) -> None:
    experiment = small_experiment(loop=Fit(epochs=1), tracking=Mlflow(experiment_name="mine"))
    first = altitude.run(experiment)
    client = MlflowClient()
    known = client.get_run(str(first.run_id))
    dead = process_tags()[PROCESS].rsplit(" ", 2)[0] + " 999999999 1.0"
    run = client.create_run(known.info.experiment_id, tags={PROCESS: dead, FOLDER: str(tmp_path)})
    records: list[Record] = [
        {"run_id": run.info.run_id, "metrics": {"loss": 0.5}, "step": 1, "timestamp": 1},
        {"run_id": run.info.run_id, "status": "FINISHED", "timestamp": 2},
    ]
    write_records(tmp_path / FILE, records)
    altitude.run(experiment)
    settled = client.get_run(run.info.run_id)
    assert (settled.info.status, settled.info.end_time) == ("FINISHED", 2)
    assert settled.data.metrics == {"loss": 0.5}
    assert not (tmp_path / FILE).exists()
