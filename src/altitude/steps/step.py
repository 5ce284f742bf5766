"""The computation on one batch: all that a new training algorithm has to write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from altitude.lazy import keras
from altitude.steps.batch import Batch, Logs
from altitude.steps.objective import evaluate_objective


class Step(ABC):
    """The maths of one batch, in training and in evaluation; runs in a graph, at altitudes 2 and 3.

    A step of your own extends this class and writes `train`. Whatever it reports comes from metrics
    on the model: Keras resets those at the start of every epoch.

    Attributes:
        owns_objective: Whether loss and metrics are the step's own, so that `objective=none` goes
            with it; false for steps that use the compiled ones.
        distributable: Whether the step can run on several devices, each with its share of a batch.
            Such a step computes means over what it sees: losses with `compute_loss` (or `unscaled`,
            around losses of Keras), the update with `descend` or `apply_gradients` of this package.
        variable_settings: Settings that are not None and whose values the class reads from
            variables alone, so that the jobs of a sweep share one graph for all their values. Not
            inherited: a class that extends another repeats it, if that holds for the class, too.
    """

    owns_objective: ClassVar[bool] = False
    distributable: ClassVar[bool] = False
    variable_settings: ClassVar[tuple[str, ...]] = ()

    def build(self, model: keras.Model) -> None:  # noqa: B027 - most steps add nothing
        """Adds what the step keeps on the model: metrics, or variables of its own.

        Called once, after the model is compiled and before its optimizer is built.

        Args:
            model: The compiled model, whose layers may not be built yet.
        """

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """Names of the metrics of training that the step adds to those of the objective."""
        return ()

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """Names of the metrics of evaluation that the step adds to those of the objective."""
        return ()

    @abstractmethod
    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the weights from one batch and returns the metrics of the epoch so far.

        Args:
            model: The model, whose weights, optimizer and metrics are updated.
            batch: The tensors `(x, y)` or `(x, y, sample_weight)`, with examples along the first
                axis.

        Returns:
            The metrics of the epoch so far, by name, each a scalar tensor.
        """

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from one batch, leaves the weights alone, and returns the metrics.

        Args:
            model: The model, whose metrics are updated.
            batch: The tensors `(x, y)` or `(x, y, sample_weight)`, with examples along the first
                axis.

        Returns:
            The metrics of the evaluation so far, by name, each a scalar tensor.
        """
        logs = evaluate_objective(model, batch)
        of_training = set(self.reported_metrics) - set(self.evaluated_metrics)
        return {name: value for name, value in logs.items() if name not in of_training}

    def saved_model(self, model: keras.Model) -> keras.Model:
        """Returns the part of the model that is kept as `best.keras`.

        Args:
            model: The trained model.

        Returns:
            A model that shares its weights with `model`; by default `model` itself.
        """
        return model
