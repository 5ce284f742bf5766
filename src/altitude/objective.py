"""What is minimised, and what is watched."""

import dataclasses
from collections.abc import Callable
from typing import Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.deferred import Deferred
from altitude.validation import STRICT, NonNegative


def _cross_entropy() -> Deferred:
    return Deferred("keras.losses.SparseCategoricalCrossentropy", {"from_logits": True})


def _accuracy() -> dict[str, Callable[..., Any]]:
    return {"accuracy": Deferred("keras.metrics.SparseCategoricalAccuracy", {"name": "accuracy"})}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Objective:
    """Loss and metrics, built afresh for every run.

    Attributes:
        loss: Returns the loss when called; None if the step computes one of its own.
        metrics: Functions that return a metric when called, by the metric's name.
        weighted_metrics: The same, for metrics that sample and class weights apply to.
        class_weight: What the training examples of each class weigh in the loss; 1 if left out.
        own: Functions that return what a model class takes in a `compile` of its own, by name.
    """

    loss: Callable[[], Any] | None = Field(default_factory=_cross_entropy)
    metrics: dict[str, Callable[[], Any]] = Field(default_factory=_accuracy)
    weighted_metrics: dict[str, Callable[[], Any]] = Field(default_factory=dict)
    class_weight: dict[int, NonNegative] | None = None
    own: dict[str, Callable[[], Any]] = Field(default_factory=dict)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of everything that is reported for training and, with `val_`, for validation."""
        loss = () if self.loss is None else ("loss",)
        return (*loss, *self.metrics, *self.weighted_metrics)

    def compile_arguments(self) -> dict[str, Any]:
        """The objective's share of the arguments of `model.compile`: what there is of it."""
        arguments = {
            "loss": self.loss and self.loss(),
            "metrics": [build() for build in self.metrics.values()],
            "weighted_metrics": [build() for build in self.weighted_metrics.values()],
            **{name: build() for name, build in self.own.items()},
        }
        return {name: value for name, value in arguments.items() if value}

    def for_soft_labels(self) -> "Objective":
        """The same objective for labels that are rows of probabilities instead of class indices.

        Keras' sparse losses and metrics are replaced by their counterparts.
        """

        def soften(build: Callable[[], Any]) -> Callable[[], Any]:
            if not isinstance(build, Deferred) or not build.class_name.startswith("Sparse"):
                return build
            package = build.target.rpartition(".")[0]
            name = build.class_name.removeprefix("Sparse")
            return Deferred(f"{package}.{name}", build.arguments)

        return dataclasses.replace(
            self,
            loss=self.loss and soften(self.loss),
            metrics={name: soften(metric) for name, metric in self.metrics.items()},
            weighted_metrics={n: soften(metric) for n, metric in self.weighted_metrics.items()},
        )
