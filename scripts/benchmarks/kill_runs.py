"""Kills runs at random moments, resumes them, and compares what they end with.

    scripts/bench resume [--kills N] [--seed N] [--only NAME]

Each run is killed with SIGKILL again and again, each time after a random part of the time that it
takes undisturbed, until it has ended all the same. Then its metrics in MLflow, and the weights of
its best model, are compared with those of a run that was left alone.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow.tracking import MlflowClient

from altitude.runs.output_folder import RunFolder

IMAGES = ("dataset.limit=12000", "loop.epochs=5", "loop.steps_per_execution=4")
PLATEAU = (
    "callbacks.reduce_lr_on_plateau.patience=0",
    "+callbacks.reduce_lr_on_plateau.min_delta=0.1",
)
RUNS = {
    "fit": ("loop=fit", *IMAGES),
    "train_step, mixup": ("loop=train_step", "experiment=mixup", "loop.clip_norm=1.0", *IMAGES),
    "tape, dropout, plateau": ("loop=tape", "model.dropout=0.3", *PLATEAU, *IMAGES),
    "augmenting layers": (
        "loop=train_step",
        "~model",
        "+model={_target_:augmented_model.augmented}",
        "dataset.limit=4000",
        "loop.epochs=5",
    ),
    "moving average of weights": (
        "loop=fit",
        "experiment=ema",
        "optimizer.gradient_accumulation_steps=2",
        *IMAGES,
    ),
    "gradient accumulation": ("loop=tape", "experiment=accumulate", *IMAGES),
    "two optimizers": (
        "loop=tape",
        "experiment=backbone_head",
        "dataset.limit=4000",
        "loop.epochs=4",
    ),
    "gan": (
        "experiment=gan",
        "model.filters=4",
        "dataset.limit=2000",
        "dataset.batch_size=64",
        "loop.epochs=4",
    ),
    "reinforce": ("experiment=reinforce", "loop.epochs=20"),
}
OFTEN = ("loop.checkpoint_every_steps=16",)
UNTIL_BEGUN = 0.1
"""The part of a run's time in which nothing has begun that could be resumed."""


@dataclass(frozen=True)
class Ending:
    """What a run ended with.

    Attributes:
        weights: Hash of the best model's weights.
        metrics: Steps and values of each metric.
    """

    weights: str
    metrics: dict[str, list[tuple[int, float]]]

    def difference(self, expected: "Ending") -> str:
        """Returns what is not as expected; empty if all is."""
        known = self.metrics, expected.metrics
        names = [name for name in set().union(*known) if known[0].get(name) != known[1].get(name)]
        values = [
            f"{name} {self.metrics.get(name)}, not {expected.metrics.get(name)}"
            for name in sorted(names)
        ]
        return "\n    ".join(values + ["weights"] * (self.weights != expected.weights))


def altitude(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Starts the command line in a folder."""
    with (folder / "output.txt").open("ab") as output:
        command = [sys.executable, "-m", "altitude", *arguments]
        surroundings = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
        return subprocess.Popen(command, cwd=folder, env=surroundings, stdout=output, stderr=output)


def ending_of(folder: Path) -> Ending:
    """Reads what the only run of a folder ended with."""
    (model,) = folder.glob("outputs/*/*/best.keras")
    with zipfile.ZipFile(model) as archive:
        weights = hashlib.sha256(archive.read("model.weights.h5")).hexdigest()
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, "attributes.status = 'FINISHED'")
    (run,) = (found for found in runs if found.data.metrics)
    return Ending(
        weights,
        {
            name: sorted(
                (m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)
            )
            for name in run.data.metrics
            if name != "epoch_seconds"
        },
    )


def begun(folder: Path) -> bool:
    """Whether there is a run that can be resumed."""
    return any(folder.glob("outputs/*/*/.run"))


def finished(folder: Path) -> bool:
    """Whether the run was killed when all was written down."""
    return any(RunFolder.read(run).is_finished for run in folder.glob("outputs/*/*"))


def undisturbed(overrides: Sequence[str], folder: Path) -> tuple[Ending, float]:
    """Runs to the end; returns what it ended with, and the seconds that it took."""
    began = time.monotonic()
    if altitude(folder, *overrides).wait():
        raise SystemExit((folder / "output.txt").read_text())
    return ending_of(folder), time.monotonic() - began


def killed(overrides: Sequence[str], folder: Path, seconds: float, dice: random.Random) -> int:
    """Runs to the end, killed and resumed on the way; returns how often it was killed."""
    kills = 0
    while True:
        arguments = ("resume", "latest") if begun(folder) else overrides
        process = altitude(folder, *arguments)
        try:
            status = process.wait(dice.uniform(UNTIL_BEGUN, 1.2) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            if finished(folder):
                return kills
            continue
        if status:
            raise SystemExit((folder / "output.txt").read_text())
        return kills


def main() -> None:
    """Prints how often runs were killed, and what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=RUNS, help="kill runs of one kind")
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    chosen = {name: RUNS[name] for name in ([arguments.only] if arguments.only else RUNS)}
    kills, runs, different = Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        whole = {}
        for name, overrides in chosen.items():
            folder = Path(tempfile.mkdtemp(dir=scratch))
            whole[name] = undisturbed((*overrides, *OFTEN), folder)
        while kills.total() < arguments.kills:
            for name, overrides in chosen.items():
                folder = Path(tempfile.mkdtemp(dir=scratch))
                expected, seconds = whole[name]
                kills[name] += killed((*overrides, *OFTEN), folder, seconds, dice)
                runs[name] += 1
                difference = ending_of(folder).difference(expected)
                if difference:
                    different[name] += 1
                    print(f"{name}: {difference}")
    print(f"{'':<26}{'runs':>6}{'kills':>7}{'ended otherwise':>17}")
    for name in chosen:
        print(f"{name:<26}{runs[name]:>6}{kills[name]:>7}{different[name]:>17}")
    raise SystemExit(different.total())


if __name__ == "__main__":
    main()
