"""Altitude 3: a custom training loop, with Keras' callbacks around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.loops.epochs import run_epochs
from altitude.loops.execution import evaluate, run_batches
from altitude.loops.position import START, Position
from altitude.loops.stepping import SteppingLoop
from altitude.steps import replicas
from altitude.validation import STRICT

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines

KERAS_LOOPS = ("fit", "evaluate", "make_train_function", "make_test_function")
"""Methods of `keras.Model` that make up its loops over batches."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Tape(SteppingLoop):
    """Epochs, batches, metrics and callbacks in plain sight; a GradientTape in the step.

    It calls callbacks in the order and with the logs of Keras' `fit`, so a loop of another shape
    can start from this one.

    Example:
        >>> from altitude.loops import Tape
        >>> loop = Tape(epochs=5, clip_norm=1.0)
        >>> loop.reported_metrics
        ('grad_norm',)
    """

    spans_processes = True

    @property
    def bypassed_methods(self) -> tuple[str, ...]:
        """Keras' own loops."""
        return (*KERAS_LOOPS, *super().bypassed_methods)

    def make_variables(self, model: keras.Model, pipelines: Pipelines) -> None:
        """Runs the compiled step once."""
        model.train_step.run(iter(replicas.distribute(pipelines.train)), 1)

    def run(
        self,
        model: keras.Model,
        pipelines: Pipelines,
        callbacks: Sequence[keras.callbacks.Callback],
        start: Position = START,
    ) -> keras.callbacks.History:
        """Trains with this package's own loop over epochs, which calls the compiled step."""
        from altitude.callbacks.epoch_order import EpochOrder

        def run_epoch(epoch: int, watchers: keras.callbacks.CallbackList) -> dict[str, Any]:
            first = start.step if epoch == start.epoch else 0
            logs = run_batches(model, pipelines.train_from(first), watchers)
            if pipelines.validation is None:
                return logs
            validation = evaluate(model, pipelines.validation, watchers)
            return logs | {f"val_{name}": value for name, value in validation.items()}

        order = EpochOrder(pipelines.epoch)
        steps = int(pipelines.train.cardinality())
        return run_epochs(model, [order, *callbacks], self.epochs, steps, run_epoch, start)

    def evaluate(self, model: keras.Model, dataset: tf.data.Dataset) -> dict[str, float]:
        """Evaluates with the step."""
        return evaluate(model, dataset, keras.callbacks.CallbackList([], model=model))
