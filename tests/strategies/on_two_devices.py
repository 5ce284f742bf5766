"""Trains on one device and on two parts of the CPU, and prints what came of it as JSON.

A process of its own: the CPU can be cut only before TensorFlow's first operation.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from altitude import Experiment, compose, run
from altitude.session import start_tensorflow
from altitude.strategies import Mirrored, OneDevice

TWO = Mirrored(logical_cpus=2)
# The last batch, of one example, leaves the second device none; all others are cut unevenly.
SMALL = ("dataset=digits", "dataset.limit=190", "dataset.batch_size=63", "tracking=none")
CALLBACKS = (
    "callbacks.early_stopping.patience=2",
    "callbacks.early_stopping.min_delta=0.5",
    "callbacks.reduce_lr_on_plateau.patience=1",
    "+callbacks.reduce_lr_on_plateau.min_delta=0.5",
    "model.hidden_units=[16]",
    "model.dropout=0",
    "loop.steps_per_execution=2",
    "loop.epochs=4",
)


class Keep(keras.callbacks.Callback):
    """Keeps the weights at the end of training."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Any] = []

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        self.weights = self.model.get_weights()


def _same(callback: Keep) -> Keep:
    return callback


def compared(overrides: tuple[str, ...]) -> dict[str, Any]:
    keeps, results = [], []
    for strategy in (OneDevice(), TWO):
        keep = Keep()
        composed = compose([*SMALL, *CALLBACKS, *overrides])
        callbacks = {**composed.callbacks, "keep": partial(_same, keep)}
        changed = {**vars(composed), "strategy": strategy, "callbacks": callbacks}
        results.append(run(Experiment(**changed)))
        keeps.append(keep.weights)
    one, two = results
    histories = [dict(result.metrics_by_epoch) for result in results]
    for history in histories:
        del history["epoch_seconds"]
    reloaded = keras.models.load_model(two.model_path)
    return {
        "weights": max(float(np.abs(a - b).max()) for a, b in zip(*keeps, strict=True)),
        "histories": histories,
        "metrics": [dict(one.metrics), dict(two.metrics)],
        "cuts": [one.learning_rate_cuts, two.learning_rate_cuts],
        "traces": dict(two.traces),
        "saved": [type(reloaded).__name__, (Path(two.output_dir) / "tensorboard").is_dir()],
    }


if __name__ == "__main__":
    start_tensorflow(TWO.start)
    print(json.dumps({text: compared(tuple(text.split())) for text in sys.argv[1:]}))
