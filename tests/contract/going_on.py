"""Trains, and goes on with a training from a state on disk: `python -m tests.contract.going_on`."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import altitude
from altitude.loops.position import Position
from altitude.session import fresh_session, start_tensorflow

RESULT = "result.json"
Result = dict[str, Any]
"""What two trainings are compared by: weights and optimizer, history, best epoch."""


@contextmanager
def built(overrides: Sequence[str], folder: Path) -> Iterator[tuple[Any, Callable[[], Result]]]:
    """Builds a training; yields it, and what describes it once it has ended."""
    from altitude.callbacks.best_epoch import BestEpoch
    from altitude.callbacks.require_finite import RequireFinite
    from altitude.training.building import build_training
    from altitude.training.graphs import GraphCache

    experiment = altitude.compose(["tracking=none", *overrides]).in_folder(folder)
    with fresh_session(experiment.seed, experiment.loop.precision):
        pipelines = GraphCache().pipelines(experiment)
        training = build_training(experiment, pipelines, lambda _: None)
        chosen = [make() for make in experiment.callbacks.values()]
        best = BestEpoch(chosen, folder / "best.keras")
        training.callbacks = [RequireFinite(), *chosen, best]

        def describe() -> Result:
            digest = hashlib.sha256()
            for value in training.state().variables.values():
                digest.update(np.ascontiguousarray(value).tobytes())
            history = training.model.history
            return {
                "weights": digest.hexdigest(),
                "history": history.history,
                "epochs": history.epoch,
                "best_epoch": best.epoch,
            }

        yield training, describe


def train(overrides: Sequence[str], folder: Path) -> Result:
    """Trains to the end; leaves the state at the end of each epoch, and in its middle."""
    from altitude.training.checkpoint import save_state

    with built(overrides, folder) as (training, describe):
        seen: set[tuple[int, bool]] = set()

        def keep(position: Position) -> None:
            moment = (position.epoch, position.step > 0)
            if moment not in seen:
                seen.add(moment)
                save_state(training.state(), folder / f"{position.epoch}-{position.step}.npz")

        training.fit(keep)
        return describe()


def go_on(overrides: Sequence[str], folder: Path) -> dict[str, Result]:
    """Goes on from every state in a folder; returns what came of it, by the state's name."""
    from altitude.training.checkpoint import load_state

    results = {}
    with built(overrides, folder / "again") as (training, describe):
        for path in sorted(folder.glob("*.npz")):
            training.restore(load_state(path))
            training.fit()
            results[path.stem] = describe()
    return results


def main(folders: Sequence[str]) -> None:
    """Goes on in each folder with what its file `overrides.json` says."""
    start_tensorflow()
    for folder in map(Path, folders):
        overrides = json.loads((folder / "overrides.json").read_text())
        (folder / RESULT).write_text(json.dumps(go_on(overrides, folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
