"""What is minimised, and what is watched."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.deferred import Deferred
from altitude.validation import STRICT, NonNegative

if TYPE_CHECKING:
    import keras


def _cross_entropy() -> Deferred:
    return Deferred("keras.losses.SparseCategoricalCrossentropy", {"from_logits": True})


def _accuracy() -> dict[str, Callable[..., Any]]:
    return {"accuracy": Deferred("keras.metrics.SparseCategoricalAccuracy", {"name": "accuracy"})}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Objective:
    """Loss and metrics, built afresh for every run.

    Attributes:
        loss: Returns the loss when called.
        metrics: Functions that return a metric when called, by the metric's name.
        weighted_metrics: The same, for metrics that sample and class weights apply to.
        class_weight: What the training examples of each class weigh in the loss; 1 if left out.
    """

    loss: Callable[[], Any] = Field(default_factory=_cross_entropy)
    metrics: dict[str, Callable[[], Any]] = Field(default_factory=_accuracy)
    weighted_metrics: dict[str, Callable[[], Any]] = Field(default_factory=dict)
    class_weight: dict[int, NonNegative] | None = None

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of everything that is reported for training and, with `val_`, for validation."""
        return ("loss", *self.metrics, *self.weighted_metrics)

    def compile_arguments(self) -> dict[str, Any]:
        """The objective's share of the arguments of `model.compile`."""
        return {
            "loss": self.loss(),
            "metrics": _built(self.metrics),
            "weighted_metrics": _built(self.weighted_metrics) or None,
        }


def _built(metrics: dict[str, Callable[[], Any]]) -> list["keras.metrics.Metric"]:
    return [build() for build in metrics.values()]
