"""Altitude 2: a custom `train_step` under Keras' `fit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.loops.fit import fit
from altitude.loops.position import START, Position
from altitude.loops.stepping import SteppingLoop
from altitude.validation import STRICT

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainStep(SteppingLoop):
    """Keras' `fit` around a custom step.

    Settings are those of `Loop` and `SteppingLoop`.

    Example:
        >>> from altitude.loops import TrainStep
        >>> from altitude.steps import Supervised
        >>> TrainStep(epochs=5, step=Supervised(), clip_norm=1.0).reported_metrics
        ('grad_norm',)
    """

    @property
    def name(self) -> str:
        """The name of the loop in the config."""
        return "train_step"

    def run(
        self,
        model: keras.Model,
        pipelines: Pipelines,
        callbacks: Sequence[keras.callbacks.Callback],
        start: Position = START,
    ) -> keras.callbacks.History:
        """Trains with `model.fit`, which calls the bound step."""
        return fit(model, pipelines, callbacks, self.epochs, start)

    def evaluate(self, model: keras.Model, dataset: tf.data.Dataset) -> dict[str, float]:
        """Evaluates with `model.evaluate`, which calls the bound step."""
        return model.evaluate(dataset, verbose=0, return_dict=True)  # type: ignore[no-any-return]
