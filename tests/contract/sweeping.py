"""Sweeps in real processes, with jobs that misbehave when they are told to."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from altitude.tracking.tags import PROCESS
from tests.processes import Finished, Process, finish, start_python

PATIENCE = 300.0

MISBEHAVE = """
import os, signal, sys
import keras


class Misbehave(keras.callbacks.Callback):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def on_epoch_end(self, epoch, logs=None):
        if epoch != 1 or os.environ.get("BEHAVE"):
            return
        if self.how == "raise":
            raise LookupError("no such thing")
        if self.how == "exit":
            sys.exit(3)
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
"""

MINE = """
misbehave:
  _target_: misbehave.Misbehave
  how: well
"""


class SweepFolder:
    """A working folder with a store, in which one sweep is launched again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.client = MlflowClient(f"sqlite:///{path}/mlflow.db")
        (path / "misbehave.py").write_text(MISBEHAVE)
        (path / "conf" / "callbacks").mkdir(parents=True)
        (path / "conf" / "callbacks" / "mine.yaml").write_text(MINE)

    def start(self, *arguments: str, **environment: str) -> Process:
        command = ("-m", "altitude", "--config-dir", "conf", *arguments)
        return start_python(*command, folder=self.path, PYTHONPATH=str(self.path), **environment)

    def launch(self, *arguments: str, **environment: str) -> Finished:
        return finish(self.start(*arguments, **environment))

    def runs(self, condition: str = "") -> Sequence[Run]:
        experiment = self.client.get_experiment_by_name("altitude")
        if experiment is None:
            return []
        order = ["attributes.start_time"]
        found = self.client.search_runs([experiment.experiment_id], condition, order_by=order)
        return list(found)

    def jobs(self, status: str = "") -> Sequence[Run]:
        also = f" and attributes.status = '{status}'" if status else ""
        return self.runs(f"tags.role = 'job'{also}")

    def summary(self) -> Run:
        (run,) = self.runs("tags.role = 'summary'")
        return run

    def artifacts(self, run: Run) -> set[str]:
        return {file.path for file in self.client.list_artifacts(run.info.run_id)}

    def history(self, run: Run, metric: str) -> list[float]:
        found = self.client.get_metric_history(run.info.run_id, metric)
        return [point.value for point in found]


def wait_for(condition: Callable[[], object], process: Process | None = None) -> None:
    """Waits until a condition holds; fails if the process ends first, or after five minutes."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        assert process is None or process.poll() is None, finish(process)
        time.sleep(0.1)


def process_of(run: Run) -> int:
    """The number of the process that a run takes place in."""
    return int(run.data.tags[PROCESS].split()[1])


def kill_tree(process: Process) -> None:
    """Kills a process and all that it has started, as a power cut would."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        os.kill(member.pid, signal.SIGSTOP)  # so that none of them sees the others die
    for member in family:
        os.kill(member.pid, signal.SIGKILL)
    process.communicate()
