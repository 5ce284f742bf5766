"""Fixtures that all tests share: one TensorFlow process, small data, real code paths."""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from altitude import Experiment
from altitude.data import Digits
from altitude.models import Mlp
from altitude.tracking import Untracked

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient
    from playwright.sync_api import Page

ExperimentFactory = Callable[..., Experiment]

pytest_plugins = ("tests.finished_runs",)


LONGEST = (
    "config/test_random_command_lines.py",
    "contract/test_clusters.py",
    "test_readme.py",
    "contract/test_resume.py",
    "contract/test_state.py",
    "contract/test_sweep_survival.py",
    "contract/test_recipes.py",
    "contract/test_parity.py",
    "contract/test_bring_your_own.py",
    "contract/test_survival.py",
    "sweeps/run/test_workers.py",
    "contract/test_reuse.py",
)
"""Files that take the better part of a minute and more, the longest first."""

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest, so that no process is left alone with it at the end."""
    rank = {TESTS / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_sessionstart() -> None:
    """Refuses to run with files listed as the longest that have been moved."""
    moved = [name for name in LONGEST if not (TESTS / name).exists()]
    assert not moved, f"tests/conftest.py lists files that are not there: {moved}"


def freeze_what_is_imported() -> None:
    """Spares collections, of which every run makes one, all objects that are there by now."""
    gc.collect()
    gc.freeze()
    frozen_modules.update(sys.modules)


frozen_modules: set[str] = set()


def pytest_collection_finish() -> None:
    freeze_what_is_imported()


def pytest_runtest_logfinish() -> None:
    """TensorFlow, Keras and MLflow are imported by the first test that needs them."""
    if len(sys.modules) > len(frozen_modules) + 100:
        freeze_what_is_imported()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Takes Ctrl-C, which tests started in the background and their children ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder for each test, and none of the caller's settings."""
    chosen = ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID")
    for name in ("MLFLOW_TRACKING_URI", *chosen, "HYDRA_FULL_ERROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_experiment(working_folder: Path) -> ExperimentFactory:
    """Makes experiments of a second or two: digits, a small model, not tracked."""

    def make(**changes: Any) -> Experiment:
        settings: dict[str, Any] = {
            "dataset": Digits(limit=300, batch_size=64),
            "model": Mlp(hidden_units=(16,)),
            "callbacks": {},
            "tracking": Untracked(),
            "output_dir": working_folder / "run",
        }
        return Experiment(**(settings | changes))

    return make


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store with all its tables, which take MLflow seconds to make."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def default_store(working_folder: Path, empty_store: Path) -> "MlflowClient":
    """The working folder's default store, empty, and a client of it."""
    from mlflow.tracking import MlflowClient

    path = shutil.copy(empty_store, working_folder / "mlflow.db")
    return MlflowClient(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; tests that need it are skipped without it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed (on Debian: apt install chromium)")
    return path


@pytest.fixture
def browser_page(chromium: str) -> "Iterator[Page]":
    """An empty page in Chromium, with a profile of its own."""
    from tests.browser import open_browser

    with open_browser(chromium) as page:
        yield page
