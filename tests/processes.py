"""Real processes for tests: the command line, plain Python, and MLflow's server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

TIMEOUT = 300.0
SET_BY_RUNS = (
    "COLUMNS",
    "HYDRA_FULL_ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "MLFLOW_HTTP_REQUEST_TIMEOUT",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT",
    "MLFLOW_TRACKING_URI",
    "TF_CPP_MIN_LOG_LEVEL",
)

Finished = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]


def environment(**changes: str) -> dict[str, str]:
    """The surroundings of a user: modules are kept compiled, and no run has set anything."""
    dropped = (*SET_BY_RUNS, "PYTHONDONTWRITEBYTECODE")
    inherited = {k: v for k, v in os.environ.items() if k not in dropped}
    return inherited | changes


def start_python(*arguments: str, folder: Path, **changes: str) -> Process:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: Process, timeout: float = TIMEOUT) -> Finished:
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def run_python(*arguments: str, folder: Path, **changes: str) -> Finished:
    return finish(start_python(*arguments, folder=folder, **changes))


def run_altitude(*arguments: str, folder: Path, **changes: str) -> Finished:
    return run_python("-m", "altitude", *arguments, folder=folder, **changes)


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit_everything() -> str:
    """Makes the working folder a repository with all its files in one commit, and returns that."""
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Begin")
    return git("rev-parse", "HEAD")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def mute_server() -> Iterator[str]:
    """Accepts connections and never says a word; yields its URI."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class TrackingServer:
    """A real `mlflow server` on loopback, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        self._log = (folder / "server.log").open("w")
        address = ("--workers", "1", "--port", str(port))
        store = ("--backend-store-uri", f"sqlite:///{folder / 'server.db'}")
        artifacts = ("--artifacts-destination", str(folder / "artifacts"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *address, *store, *artifacts],
            cwd=folder,
            env=environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + TIMEOUT
        while True:
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1).close()
                return
            except OSError:
                if time.monotonic() > give_up or self._process.poll() is not None:
                    raise
            time.sleep(0.2)

    def fill_disk(self) -> None:
        """Has every write of the server fail, as on a disk that is full."""
        self._limit_files(0)

    def free_disk(self) -> None:
        """Lets the server write again."""
        self._limit_files(psutil.RLIM_INFINITY)

    def _limit_files(self, size: int) -> None:
        server = psutil.Process(self._process.pid)
        for process in (server, *server.children(recursive=True)):
            process.rlimit(psutil.RLIMIT_FSIZE, (size, psutil.RLIM_INFINITY))

    def kill(self) -> None:
        """Ends the server and its workers at once, as a crash would."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
        self._log.close()


@contextmanager
def tracking_server(folder: Path) -> Iterator[TrackingServer]:
    server = TrackingServer(folder)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.kill()
