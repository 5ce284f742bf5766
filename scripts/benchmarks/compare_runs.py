"""Runs this project and the hand-written recipes in turn, each in its own process, and compares.

Figures are medians over the rounds; ratios are taken round by round, so that a machine whose speed
drifts does not decide the comparison.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from measuring import ALTITUDE, HERE, cost_of, fresh_folder

ALTITUDES = ("fit", "train_step", "tape")
EPOCH_SECONDS = "SELECT value FROM metrics WHERE key = 'epoch_seconds' ORDER BY timestamp, step"


@dataclass(frozen=True)
class Measurement:
    """One run of one program.

    Attributes:
        epoch: Median seconds of an epoch after the first, validation and callbacks included.
        process: Seconds of the whole process.
        memory: Peak resident memory, MiB.
    """

    epoch: float
    process: float
    memory: float


def main() -> None:
    """Measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    rounds = [measure_all(arguments.epochs) for _ in range(arguments.rounds + 1)]
    print("\n".join(table(rounds[1:])))  # the first round fills caches


def measure_all(epochs: int) -> dict[tuple[str, str], Measurement]:
    """One round: every program once."""
    found = {}
    for altitude in ALTITUDES:
        script = [sys.executable, str(HERE / f"handwritten_{altitude}.py"), str(epochs)]
        found["hand-written", altitude] = measure(script)
        found["altitude", altitude] = measure(command(altitude, epochs))
    return found


def command(altitude: str, epochs: int) -> list[str]:
    """The same training with this project, tracking included."""
    # The hand-written train_step clips; the raw loop and fit do not.
    clip = ["loop.clip_norm=1.0"] if altitude == "train_step" else []
    length = [f"loop.epochs={epochs}", f"callbacks.early_stopping.patience={epochs}"]
    return [ALTITUDE, f"loop={altitude}", *length, *clip]


def measure(program: list[str]) -> Measurement:
    """Runs a program, and asks it for its epochs."""
    with fresh_folder() as folder:
        cost = cost_of(program, folder)
        epochs = list(epoch_seconds(folder))
    return Measurement(median(epochs[1:]), cost.seconds, cost.memory)


def epoch_seconds(folder: Path) -> Iterator[float]:
    """Seconds of each epoch, as the program in that folder has left them."""
    left = folder / "epoch_seconds.json"
    if left.exists():
        yield from json.loads(left.read_text())
        return
    with sqlite3.connect(folder / "mlflow.db") as store:
        yield from (value for (value,) in store.execute(EPOCH_SECONDS))


def table(rounds: list[dict[tuple[str, str], Measurement]]) -> Iterator[str]:
    """The comparison in Markdown."""
    yield "| altitude | program | seconds an epoch | whole process, s | peak memory, MiB |"
    yield "| --- | --- | --- | --- | --- |"
    for altitude in ALTITUDES:
        for program in ("hand-written", "altitude"):
            runs = [found[program, altitude] for found in rounds]
            epoch, process, memory = (
                median(getattr(run, figure) for run in runs)
                for figure in ("epoch", "process", "memory")
            )
            yield f"| `{altitude}` | {program} | {epoch:.2f} | {process:.1f} | {memory:.0f} |"
        ratios = [
            median(
                getattr(found["altitude", altitude], figure)
                / getattr(found["hand-written", altitude], figure)
                for found in rounds
            )
            for figure in ("epoch", "process", "memory")
        ]
        yield f"| `{altitude}` | **ratio** | " + " | ".join(f"**{r:.2f}**" for r in ratios) + " |"


if __name__ == "__main__":
    main()
