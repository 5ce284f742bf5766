"""The base class of altitudes 2 and 3: loops with a custom step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.lazy import keras
from altitude.loops.loop import Loop
from altitude.steps import Step, Supervised
from altitude.steps.batch import Batch, BatchFunction, Logs
from altitude.steps.clipping import with_clip_norm
from altitude.steps.logs import require_logs
from altitude.steps.overridden_methods import overrides, overrides_train_step
from altitude.steps.replicas import with_shard_weight
from altitude.validation import STRICT, Positive

if TYPE_CHECKING:
    from altitude.loops.traces import Traces


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SteppingLoop(Loop):
    """A loop around a custom step.

    Attributes:
        step: The maths of one batch. A model class that brings its own `train_step` or `test_step`
            keeps it.
        clip_norm: Upper bound of the gradients' global L2 norm, in place of that of the step.
    """

    distributable = True

    step: Step = Field(default_factory=Supervised)
    clip_norm: Positive | None = None

    def __post_init__(self) -> None:
        """Refuses a bound for a step that does not clip."""
        super().__post_init__()
        _ = self.bounded_step

    @property
    def bounded_step(self) -> Step:
        """The step, with the loop's `clip_norm` where one is given: what trains and reports."""
        return self.step if self.clip_norm is None else with_clip_norm(self.step, self.clip_norm)

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """The metrics that the step reports in training."""
        return self.bounded_step.reported_metrics

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """The metrics that the step reports in evaluation."""
        return self.bounded_step.evaluated_metrics

    @property
    def owns_objective(self) -> bool:
        """Whether loss and metrics are the step's own."""
        return self.step.owns_objective

    @property
    def bypassed_methods(self) -> tuple[str, ...]:
        """The methods of a model that a step with its own objective does not call."""
        return ("compute_loss", "compute_metrics") if self.owns_objective else ()

    def prepare(self, model: keras.Model, traces: Traces) -> None:
        """Adds the step's metrics to the model, and binds the step."""
        if not overrides_train_step(model):
            self.bounded_step.build(model)
        super().prepare(model, traces)

    def train_step(self, model: keras.Model) -> BatchFunction:
        """Returns the step's training, or Keras' if the model's class overrides `train_step`."""
        if overrides_train_step(model):
            return super().train_step(model)
        return _bound(model, self.bounded_step.train)

    def test_step(self, model: keras.Model) -> BatchFunction:
        """Returns the step's evaluation, or Keras' if the model's class overrides a step."""
        if overrides_train_step(model) or overrides(model, "test_step"):
            return super().test_step(model)
        return _bound(model, self.bounded_step.evaluate)

    def saved_model(self, model: keras.Model) -> keras.Model:
        """Returns the part of the model that the step saves."""
        return model if overrides_train_step(model) else self.step.saved_model(model)


def _bound(model: keras.Model, step: Callable[[keras.Model, Batch], Logs]) -> BatchFunction:
    return with_shard_weight(model, require_logs(functools.partial(step, model), step))
