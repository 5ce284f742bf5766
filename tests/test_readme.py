"""The commands of README and docs run as they are written, on the files that they show."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
SERVER = "mlflow ui"


def blocks() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for match in FENCE.finditer(page.read_text()):
            yield match["info"], match["body"]


def commands() -> list[str]:
    whole = (body.replace("\\\n", " ") for info, body in blocks() if info == "bash")
    lines = [line for body in whole for line in body.splitlines()]
    return [line for line in lines if line and line != SERVER]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, with the files that the pages show."""
    folder = tmp_path_factory.mktemp("readme")
    for info, body in blocks():
        if "file=" in info:
            path = folder / info.partition("file=")[2]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)
    return folder


@pytest.fixture
def environment() -> dict[str, str]:
    """As after `source .venv/bin/activate`."""
    return processes.environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_runs_as_written(command: str, folder: Path, environment: dict[str, str]) -> None:
    text = re.sub(r"^scripts/", f"{ROOT}/scripts/", command)
    done = subprocess.run(
        text, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_default_experiment_is_as_good_as_the_readme_says(
    folder: Path, environment: dict[str, str]
) -> None:
    # The first command of the README has run here, unless another process has taken that test.
    wanted = "params.seed = '42' and params.loop.epochs = '30'"
    code = (
        "import mlflow; runs = mlflow.search_runs(experiment_names=['altitude'], "
        f'filter_string="{wanted}", output_format="list"); '
        "print(runs[-1].info.status, runs[-1].data.metrics['test_accuracy'])"
    )
    ask = [sys.executable, "-c", code]
    done = subprocess.run(ask, cwd=folder, env=environment, capture_output=True, text=True)
    if not done.stdout:
        subprocess.run([f"{ROOT}/scripts/train"], cwd=folder, env=environment, check=True)
        done = subprocess.run(ask, cwd=folder, env=environment, capture_output=True, text=True)
    status, accuracy = done.stdout.split()
    assert status == "FINISHED"
    assert float(accuracy) >= 0.87


@pytest.mark.slow
def test_mlflow_ui_shows_the_store(folder: Path, environment: dict[str, str]) -> None:
    port = processes.free_port()
    light = environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = subprocess.Popen(
        f"{SERVER} --port {port} --workers 1",
        shell=True,
        cwd=folder,
        env=light,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        page = read_when_up(f"http://127.0.0.1:{port}/", patience=60)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    assert "MLflow" in page


def read_when_up(url: str, patience: float) -> str:
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_the_scripts_that_it_names_are_there() -> None:
    named = set(re.findall(r"\bscripts/\w+", (ROOT / "README.md").read_text()))
    assert named >= {"scripts/train", "scripts/test", "scripts/bench"}
    assert all(os.access(ROOT / script, os.X_OK) for script in named)


def test_the_users_own_code_is_short() -> None:
    own = [body for info, body in blocks() if info.startswith("python file=mine/")]
    assert len(own) == 6
    for body in own:
        assert len([line for line in body.splitlines() if line.strip()]) <= 15, body


def test_every_link_leads_to_a_file() -> None:
    for page in PAGES:
        links = re.findall(r"\]\((?!http|#)([^)#]+)[^)]*\)", page.read_text())
        missing = [link for link in links if not (page.parent / link).exists()]
        assert not missing, f"{page.name}: {missing}"
