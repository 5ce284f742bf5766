import os
import socket
import time
from pathlib import Path

import pytest

from altitude import TrackingError
from altitude.tracking import Mlflow
from altitude.tracking.preflight import require_usable
from tests.processes import free_port, run_altitude, run_python

UNUSABLE = {
    "sqlite:////proc/x.db": "No such file or directory",
    "sqlite:///folder": "that is a folder",
    "sqlite:///text": "that file is no SQLite database",
    "sqlite:///text/mlflow.db": "File exists|Not a directory",
    "sqlite://": "in memory",
    "sqlite:///:memory:": "in memory",
    "foo://bar": "MLflow knows no foo:",
    "postgres://me:secret@host/db": "instead:  tracking.uri=postgresql://host/db",
    "postgresql://127.0.0.1:1/db": "does not answer: .*refused",
    "mysql+pymysql://127.0.0.1:1/db": "does not answer: .*refused",
    "postgresql://127.0.0.1:port/db": "does not answer: ",
    "mlflow.db": "instead:  tracking.uri=sqlite:///mlflow.db",
    "./mlruns": "instead:  tracking.uri=sqlite:///./mlruns.db",
}


@pytest.mark.parametrize(("uri", "reason"), UNUSABLE.items())
def test_an_unusable_store_is_refused_at_once(uri: str, reason: str, working_folder: Path) -> None:
    (working_folder / "folder").mkdir()
    (working_folder / "text").write_text("no database, but longer than its header")
    started = time.monotonic()
    with pytest.raises(TrackingError, match=reason) as raised:
        Mlflow(uri=uri).check()
    assert time.monotonic() - started < 5
    told = str(raised.value)
    assert told.startswith("tracking.uri\n    given:    ")
    assert "secret" not in told
    assert all(f"\n    {line}:" in told for line in ("expected", "instead"))


def test_a_folder_that_cannot_be_written_is_refused(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / "mlflow.db").touch()
    monkeypatch.setattr(os, "access", lambda *_arguments: False)  # root may write anywhere
    with pytest.raises(TrackingError, match="cannot be written"):
        Mlflow().check()


def test_the_variable_that_gave_the_store_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "foo://bar")
    with pytest.raises(TrackingError, match=r"^MLFLOW_TRACKING_URI\n"):
        Mlflow().check()


@pytest.mark.parametrize("uri", ["sqlite:///new/mlflow.db", "sqlite+pysqlite:///x.db", "uc://x"])
def test_a_store_that_may_be_usable_is_left_to_mlflow(uri: str) -> None:
    Mlflow(uri=uri).check()


def test_a_database_that_answers_is_left_to_mlflow() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        require_usable(f"postgresql://127.0.0.1:{listener.getsockname()[1]}/db", "tracking.uri")


def test_a_folder_is_usable_where_mlflow_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    Mlflow(uri="file:///tmp/mlruns").check()


def test_the_command_line_ends_with_one_before_tensorflow_starts(working_folder: Path) -> None:
    uri = f"postgresql://127.0.0.1:{free_port()}/db"
    started = time.monotonic()
    done = run_altitude("dataset=digits", f"tracking.uri={uri}", folder=working_folder)
    assert time.monotonic() - started < 5
    assert done.returncode == 1
    assert "altitude: tracking.uri\n    given:    postgresql://127.0.0.1" in done.stderr
    assert not list(working_folder.glob("mlflow.db"))


def test_a_single_run_imports_no_mlflow_before_the_check(working_folder: Path) -> None:
    code = "import sys; from altitude.tracking.settings import Mlflow; "
    code += "assert Mlflow().interrupted_folders() == []; assert 'mlflow' not in sys.modules"
    done = run_python("-c", code, folder=working_folder)
    assert done.returncode == 0, done.stderr
