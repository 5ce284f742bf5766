"""The objective: the loss that is minimised, and the metrics that are monitored."""

import dataclasses
from collections.abc import Callable
from typing import Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.calls.lazy_call import LazyCall, built
from altitude.directions import Mode, mode_of_class, mode_of_name, plain_name
from altitude.validation import STRICT, NonNegative


def _cross_entropy() -> LazyCall:
    return LazyCall("keras.losses.SparseCategoricalCrossentropy", {"from_logits": True})


def _accuracy() -> dict[str, Callable[..., Any]]:
    return {"accuracy": LazyCall("keras.metrics.SparseCategoricalAccuracy", {"name": "accuracy"})}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Objective:
    """Loss and metrics, built afresh for every run.

    Attributes:
        loss: Returns the loss when called; None if the step computes one of its own.
        metrics: Functions that return a metric when called, by the metric's name.
        weighted_metrics: The same, for metrics that sample and class weights apply to.
        monitor: The metric that decides which model is best, by its name in the logs of an epoch;
            None for the first metric with a known direction, on the validation data.
        mode: Whether less or more of it is better, for a metric that does not say so itself.
        class_weight: The weight of each class index in the training loss; 1 if left out.
        own: What a model class takes in a `compile` of its own, by name: plain values, and
            functions that return one, also in lists and mappings.

    Example:
        >>> from altitude import LazyCall, Objective
        >>> objective = Objective(
        ...     loss=LazyCall("keras.losses.MeanSquaredError"),
        ...     metrics={"mae": LazyCall("keras.metrics.MeanAbsoluteError", {"name": "mae"})},
        ... )
        >>> objective.metric_names
        ('loss', 'mae')
        >>> objective.mode_of("val_mae")
        'min'
    """

    loss: Callable[[], Any] | None = Field(default_factory=_cross_entropy)
    metrics: dict[str, Callable[[], Any]] = Field(default_factory=_accuracy)
    weighted_metrics: dict[str, Callable[[], Any]] = Field(default_factory=dict)
    monitor: str | None = None
    mode: Mode | None = None
    class_weight: dict[int, NonNegative] | None = None
    own: dict[str, Any] = Field(default_factory=dict)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of everything that is reported for training and, with `val_`, for validation."""
        loss = () if self.loss is None else ("loss",)
        return (*loss, *self.metrics, *self.weighted_metrics)

    def mode_of(self, metric: str) -> Mode | None:
        """Returns whether less or more of a metric is better.

        Args:
            metric: Its name in logs or results, such as `val_mae` or `best_val_mae`.

        Returns:
            `min` or `max`; None if it is not known.
        """
        if self.monitor is not None and plain_name(metric) == plain_name(self.monitor):
            return self.own_mode_of(metric) or self.mode
        return self.own_mode_of(metric)

    def own_mode_of(self, metric: str) -> Mode | None:
        """Returns the direction that a metric has by itself, whatever `mode` says.

        Args:
            metric: The name of a result, with or without a prefix such as `val_`.

        Returns:
            `min` or `max`; None if it is not known.
        """
        metrics = {**self.weighted_metrics, **self.metrics}
        name = metric.removeprefix("best_").removeprefix("test_").removeprefix("val_")
        build = metrics.get(name)
        known = mode_of_class(build.target) if isinstance(build, LazyCall) else None
        return known or mode_of_name(metric)

    def compile_arguments(self) -> dict[str, Any]:
        """Returns the objective's arguments of `model.compile`, without those that are not set."""
        arguments = {
            "loss": self.loss and self.loss(),
            "metrics": [build() for build in self.metrics.values()],
            "weighted_metrics": [build() for build in self.weighted_metrics.values()],
        }
        given = {name: value for name, value in arguments.items() if value}
        return given | {name: built(value) for name, value in self.own.items()}

    def for_soft_labels(self) -> "Objective":
        """Returns the same objective for labels that are probabilities instead of class indices.

        Keras' sparse losses and metrics are replaced by their counterparts.
        """

        def soften(build: Callable[[], Any]) -> Callable[[], Any]:
            if not isinstance(build, LazyCall) or not build.class_name.startswith("Sparse"):
                return build
            package = build.target.rpartition(".")[0]
            name = build.class_name.removeprefix("Sparse")
            return LazyCall(f"{package}.{name}", build.arguments)

        return dataclasses.replace(
            self,
            loss=self.loss and soften(self.loss),
            metrics={name: soften(metric) for name, metric in self.metrics.items()},
            weighted_metrics={n: soften(metric) for n, metric in self.weighted_metrics.items()},
        )
