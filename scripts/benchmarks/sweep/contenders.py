"""The ways to run the sweep, and what each leaves behind."""

import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measuring import ALTITUDE

from sweep.grid import Grid

HERE = Path(__file__).resolve().parent
OURS_KEYS = (
    "optimizer.learning_rate",
    "callbacks.early_stopping.patience",
    "loop.clip_norm",
    "loop.epochs",
)
PLAIN_KEYS = ("learning_rate", "patience", "clip_norm", "epochs")
TWO_WORKERS = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
ACCURACIES = """
    SELECT max(value) FROM metrics JOIN runs USING (run_uuid)
    WHERE key = 'val_accuracy' AND status = 'FINISHED' AND run_uuid NOT IN
        (SELECT run_uuid FROM tags WHERE key = 'role' AND value = 'summary')
    GROUP BY run_uuid
"""


def tracked_accuracies(folder: Path) -> list[float]:
    """The best validation accuracy of each finished job, as MLflow knows it."""
    with sqlite3.connect(folder / "mlflow.db") as store:
        return [value for (value,) in store.execute(ACCURACIES)]


def tuned_accuracies(folder: Path) -> list[float]:
    """The same, as KerasTuner knows it."""
    trials = [json.loads(path.read_text()) for path in folder.glob("tuner/*/trial_*/trial.json")]
    return [trial["score"] for trial in trials if trial["status"] == "COMPLETED"]


@dataclass(frozen=True)
class Contender:
    """A way to run the sweep.

    Attributes:
        program: What is run.
        accuracies: The best validation accuracy of each job that it has finished in a folder.
    """

    program: list[str]
    accuracies: Callable[[Path], list[float]] = tracked_accuracies


def altitude_job(job: Grid) -> list[str]:
    """One job of the sweep, alone."""
    return [ALTITUDE, "loop=train_step", *job.overrides(OURS_KEYS)]


def altitude_sweep(grid: Grid, *launcher: str) -> list[str]:
    """The sweep by this project."""
    return [ALTITUDE, "-m", "loop=train_step", *grid.overrides(OURS_KEYS), *launcher]


ONE, TWO = "altitude, 1 worker", "altitude, 2 workers"
SHELL = "shell loop, a process a job"
HYDRA, HYDRA_JOBLIB = "plain Hydra, basic launcher", "plain Hydra, joblib, 2 workers"
TUNER = "KerasTuner's grid (tracks nothing)"


def contenders(grid: Grid) -> dict[str, Contender]:
    """All of them, by name."""
    hydra = [sys.executable, str(HERE / "plain_hydra.py"), "-m", *grid.overrides(PLAIN_KEYS)]
    loop = [str(HERE / "shell_loop.sh"), sys.executable, *grid.arguments]
    tuner = [sys.executable, str(HERE / "keras_tuner_grid.py"), *grid.arguments]
    return {
        ONE: Contender(altitude_sweep(grid)),
        TWO: Contender(altitude_sweep(grid, *TWO_WORKERS)),
        SHELL: Contender(loop),
        HYDRA: Contender(hydra),
        HYDRA_JOBLIB: Contender([*hydra, *TWO_WORKERS]),
        TUNER: Contender(tuner, tuned_accuracies),
    }
