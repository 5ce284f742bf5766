"""Altitude 1: `compile()` and `fit()`, Keras' own loop and Keras' own step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.loops.loop import Loop
from altitude.loops.position import START, Position
from altitude.steps.batch import BatchFunction
from altitude.steps.replicas import weigh_loss_by_shard, with_shard_weight
from altitude.validation import STRICT, refuse

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines

NO_STEP = (
    "nothing: at altitude 1 the step is Keras' own",
    "go down to altitude 2, where steps can be swapped: loop=train_step",
)
"""What is expected of a step at this altitude, and what to write instead."""


def _no_clip_norm(value: Any) -> None:
    if value is not None:
        bound = value if isinstance(value, int | float) else 1.0
        refuse(
            "nothing: at altitude 1 the step is Keras' own, which does not clip",
            f"optimizer.global_clipnorm={bound}, or go down to altitude 2: loop=train_step",
        )


def _no_step(value: Any) -> None:
    if value is not None:
        refuse(*NO_STEP)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Fit(Loop):
    """Keras' `fit` with Keras' own step: standard supervised training.

    Attributes:
        clip_norm: Not at this altitude: `optimizer.global_clipnorm` clips here.
        step: Not at this altitude: it is Keras' own.

    Example:
        >>> from altitude import Experiment
        >>> from altitude.loops import Fit
        >>> Experiment(loop=Fit(epochs=5)).loop.name
        'fit'
    """

    distributable = True

    clip_norm: Annotated[None, BeforeValidator(_no_clip_norm)] = None
    step: Annotated[None, BeforeValidator(_no_step)] = None

    def train_step(self, model: keras.Model) -> BatchFunction:
        """Returns Keras' own step, with the loss weighted by the examples on each device."""
        weigh_loss_by_shard(model)
        return with_shard_weight(model, super().train_step(model))

    def run(
        self,
        model: keras.Model,
        pipelines: Pipelines,
        callbacks: Sequence[keras.callbacks.Callback],
        start: Position = START,
    ) -> keras.callbacks.History:
        """Trains with `model.fit`."""
        return fit(model, pipelines, callbacks, self.epochs, start)

    def evaluate(self, model: keras.Model, dataset: tf.data.Dataset) -> dict[str, float]:
        """Evaluates with `model.evaluate`."""
        return model.evaluate(dataset, verbose=0, return_dict=True)  # type: ignore[no-any-return]


def fit(
    model: keras.Model,
    pipelines: Pipelines,
    callbacks: Sequence[keras.callbacks.Callback],
    epochs: int,
    start: Position = START,
) -> keras.callbacks.History:
    """Calls Keras' `fit` on pipelines whose order depends on the epoch.

    Twice, if the training begins in the middle of an epoch: for what is left of that, and for the
    epochs behind it.

    Args:
        model: The compiled model.
        pipelines: The training and validation batches.
        callbacks: The callbacks of the training.
        epochs: The number of epochs in all, those before `start` included.
        start: The epoch and batch to begin with.

    Returns:
        The history of all epochs that were trained here.
    """
    from altitude.callbacks.epoch_order import EpochOrder
    from altitude.loops.continued import EpochEnded, FitCallbacks

    steps = int(pipelines.train.cardinality())
    order = EpochOrder(pipelines.epoch)
    watchers = FitCallbacks(
        [order, *callbacks], model=model, epochs=epochs, steps=steps, start=start
    )

    def fit_epochs(dataset: tf.data.Dataset, first: int, end: int) -> None:
        model.fit(
            dataset,
            initial_epoch=first,
            epochs=end,
            validation_data=pipelines.validation,
            callbacks=watchers,
            shuffle=False,
            verbose=0,
        )

    first = start.epoch
    if start.step:
        with suppress(EpochEnded):
            fit_epochs(pipelines.train_from(start.step), first, first + 1)
        first = epochs if model.stop_training else first + 1
    fit_epochs(pipelines.train, min(first, epochs), epochs)
    watchers.end()
    return model.history
