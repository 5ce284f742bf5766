import platform
import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from altitude.tracking.provenance import git_state, provenance
from tests.processes import commit_everything, git


@pytest.fixture
def tracked_file(working_folder: Path) -> Path:
    path = working_folder / "code.py"
    path.write_text("answer = 42\n")
    commit_everything()
    return path


@pytest.mark.usefixtures("tracked_file")
def test_a_clean_tree_has_its_commit() -> None:
    commit = git("rev-parse", "HEAD")
    assert git_state() == {
        "git.commit": commit,
        "git.dirty": "false",
        "mlflow.source.git.commit": commit,
    }


def test_a_changed_file_makes_the_tree_dirty(tracked_file: Path) -> None:
    tracked_file.write_text("answer = 43\n")
    assert git_state()["git.dirty"] == "true"


def test_a_new_file_does_not_make_the_tree_dirty(tracked_file: Path) -> None:
    tracked_file.with_name("mlflow.db").touch()
    assert git_state()["git.dirty"] == "false"


def test_outside_of_a_repository_there_is_no_commit() -> None:
    assert git_state() == {}


@pytest.mark.usefixtures("tracked_file")
def test_without_git_there_is_no_commit(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    assert git_state() == {}


def test_versions_and_machine_are_named() -> None:
    assert provenance() == {
        "version.tensorflow": version("tensorflow"),
        "version.keras": version("keras"),
        "version.hydra": version("hydra-core"),
        "version.altitude": version("keras-altitude"),
        "version.python": platform.python_version(),
        "host": socket.gethostname(),
    }
