import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from altitude import TrackingError
from altitude.tracking import store as store_module
from altitude.tracking.store import (
    artifact_location,
    require_answer,
    resolve_uri,
    sqlite_path,
    without_password,
)
from tests.processes import finish, free_port, mute_server, start_python

OPEN_AND_CLOSE = """
import sys
from altitude import Experiment
from altitude.runs.describe import describe_run
from altitude.tracking.opening import open_mlflow_run
from altitude.tracking.settings import Mlflow

run = open_mlflow_run(Mlflow(), describe_run(Experiment()))
run.log_metrics({"loss": 1.0}, step=1)
run.close("FINISHED")
assert not run.notice, run.notice
assert "tensorflow" not in sys.modules
"""


@contextmanager
def answering(
    handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
) -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Refusing(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(401)

    def log_message(self, *_arguments: object) -> None:
        """Keeps the test's output clean."""


class SpeakingAnotherLanguage(Refusing):
    def do_GET(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def test_the_default_is_in_the_working_folder(working_folder: Path) -> None:
    assert resolve_uri(None) == f"sqlite:///{working_folder}/mlflow.db"


def test_the_environment_comes_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert resolve_uri(None) == "http://localhost:5000"


def test_the_config_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert resolve_uri("http://localhost:6000") == "http://localhost:6000"


def test_a_relative_store_is_made_absolute(working_folder: Path) -> None:
    assert resolve_uri("sqlite:///runs/mine.db") == f"sqlite:///{working_folder}/runs/mine.db"


def test_an_absolute_store_stays_what_it_is() -> None:
    assert resolve_uri("sqlite:////data/mine.db") == "sqlite:////data/mine.db"


def test_only_sqlite_has_a_path() -> None:
    assert sqlite_path("sqlite:////data/my%20runs.db") == Path("/data/my runs.db")
    assert sqlite_path("http://localhost:5000") is None


def test_artifacts_lie_beside_the_store() -> None:
    assert artifact_location("sqlite:////my data/mine.db") == "file:///my%20data/mlruns"


def test_a_server_decides_on_its_artifacts_itself() -> None:
    assert artifact_location("http://localhost:5000") is None


def test_a_file_needs_no_answer() -> None:
    require_answer("sqlite:////no/such/folder/mlflow.db")


def test_a_refusal_is_an_answer() -> None:
    with answering(Refusing) as uri:
        require_answer(uri)


def test_a_password_in_the_address_is_no_obstacle() -> None:
    with answering(Refusing) as uri:
        require_answer(uri.replace("//", "//somebody:secret@"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_only_mlflow_may_trust_is_an_answer(working_folder: Path) -> None:
    certificate, key = working_folder / "certificate.pem", working_folder / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*request, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with answering(Refusing, context) as uri:
        require_answer(uri.replace("http://", "https://"))


def test_a_closed_port_is_a_tracking_error() -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TrackingError, match=f"{uri} does not answer: .*refused"):
        require_answer(uri)


def test_a_mute_server_is_a_tracking_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "ANSWER_TIMEOUT", 0.2)
    with mute_server() as uri, pytest.raises(TrackingError, match=r"does not answer: .*timed out"):
        require_answer(uri)


def test_something_else_on_the_port_is_a_tracking_error() -> None:
    with (
        answering(SpeakingAnotherLanguage) as uri,
        pytest.raises(TrackingError, match="does not answer"),
    ):
        require_answer(uri)


@pytest.mark.parametrize("uri", ["http://", "http://localhost:port"])
def test_an_address_that_is_none_is_a_tracking_error(uri: str) -> None:
    with pytest.raises(TrackingError, match="does not answer"):
        require_answer(uri)


@pytest.mark.slow
def test_runs_that_start_at_once_without_a_store_all_succeed(working_folder: Path) -> None:
    started = [start_python("-c", OPEN_AND_CLOSE, folder=working_folder) for _ in range(8)]
    finished = [finish(process) for process in started]
    assert [process.stderr for process in finished if process.returncode] == []
    client = MlflowClient(f"sqlite:///{working_folder}/mlflow.db")
    experiment = client.get_experiment_by_name("altitude")
    assert experiment is not None
    assert experiment.artifact_location == f"file://{working_folder}/mlruns"
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 8
    assert [run.data.metrics["loss"] for run in runs] == [1.0] * 8


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:secret@host:5000/base", "https://host:5000/base"),
        ("http://host/a@b", "http://host/a@b"),
        ("sqlite:////folder/mlflow.db", "sqlite:////folder/mlflow.db"),
    ],
)
def test_a_password_is_not_shown(uri: str, shown: str) -> None:
    assert without_password(uri) == shown
