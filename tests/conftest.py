"""Fixtures that all tests share: one TensorFlow process, small data, real code paths."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from altitude import Experiment
from altitude.data import Digits
from altitude.models import Mlp
from altitude.tracking import Untracked

ExperimentFactory = Callable[..., Experiment]


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder for each test, and none of the caller's settings."""
    for name in ("MLFLOW_TRACKING_URI", "HYDRA_FULL_ERROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_experiment(working_folder: Path) -> ExperimentFactory:
    """Makes experiments of a second or two: digits, a small model, not tracked."""

    def make(**changes: Any) -> Experiment:
        settings: dict[str, Any] = {
            "dataset": Digits(limit=300, batch_size=64),
            "model": Mlp(hidden_units=(16,)),
            "tracking": Untracked(),
            "output_dir": working_folder / "run",
        }
        return Experiment(**(settings | changes))

    return make
