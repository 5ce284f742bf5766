import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from altitude.errors import TrackingError
from altitude.tracking import connection
from altitude.tracking.connection import connect
from altitude.tracking.settings import Mlflow
from tests.processes import run_python


def journal_mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as store:
        return str(store.execute("PRAGMA journal_mode").fetchone()[0])


@pytest.mark.usefixtures("default_store")
@pytest.mark.parametrize(("systems", "mode"), [(None, "wal"), (set(), "delete")])
def test_a_store_on_a_local_disk_writes_ahead_and_on_others_not(
    systems: set[str] | None,
    mode: str,
    working_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = connection._file_system(str(working_folder))
    local = {here} if systems is None else systems
    monkeypatch.setattr(connection, "LOCAL_FILE_SYSTEMS", local)
    assert journal_mode(working_folder / "mlflow.db") == "delete"
    assert connect(Mlflow()).client.search_experiments()
    assert journal_mode(working_folder / "mlflow.db") == mode


@pytest.mark.usefixtures("default_store")
def test_a_search_returns_the_runs_of_all_pages_the_latest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PAGE_SIZE", 2)
    store = connect(Mlflow())
    ids = [
        store.client.create_run(
            store.experiment_id, start_time=time, tags={"role": "job"}
        ).info.run_id
        for time in range(1, 6)
    ]
    store.client.set_terminated(ids[3], "FAILED")
    assert [run.info.run_id for run in store.runs({"role": "job"})] == ids[::-1]
    assert store.runs({"role": "summary"}) == []
    for run in store.runs({"role": "job"}, status="RUNNING"):  # while these leave the search
        store.client.set_tag(run.info.run_id, "role", "attempt")
    assert [run.info.run_id for run in store.runs({"role": "job"})] == [ids[3]]


def test_an_experiment_is_made_once(default_store: MlflowClient, working_folder: Path) -> None:
    first, second = connect(Mlflow()), connect(Mlflow())
    assert first.experiment_id == second.experiment_id
    experiment = default_store.get_experiment(first.experiment_id)
    assert experiment.name == "altitude"
    assert experiment.artifact_location == (working_folder / "mlruns").as_uri()
    assert first.uri == f"sqlite:///{working_folder}/mlflow.db"


def test_a_deleted_experiment_is_not_brought_back(default_store: MlflowClient) -> None:
    gone = default_store.create_experiment("gone")
    default_store.delete_experiment(gone)
    with pytest.raises(TrackingError, match=f"mlflow experiments restore -x {gone}"):
        connect(Mlflow(experiment_name="gone"))


CREATED_AND_KILLED = """
import os, signal, sys
made = 0
def count(event, arguments):
    global made
    made += event == "sqlite3.connect"
    if made and event == "open" and "versions" in str(arguments[0]):  # a migration is read
        os.kill(os.getpid(), signal.SIGKILL)
from altitude.tracking.connection import connect
from altitude.tracking.settings import Mlflow
sys.addaudithook(count)
connect(Mlflow())
"""


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_creates_a_store_leaves_none(
    working_folder: Path,
) -> None:
    killed = run_python("-c", CREATED_AND_KILLED, folder=working_folder)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (working_folder / "mlflow.db").exists()
    assert connect(Mlflow()).client.search_experiments()
    assert not list(working_folder.glob("unfinished-*"))
