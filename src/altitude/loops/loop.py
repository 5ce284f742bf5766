"""The interface that the three loops share, and their common settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.loops.bound_step import bind_steps
from altitude.loops.position import START, Position
from altitude.loops.skipping import skip_non_finite
from altitude.models.variables import SKIPPED_UPDATES
from altitude.steps.batch import BatchFunction
from altitude.steps.logs import require_logs
from altitude.steps.overridden_methods import overrides
from altitude.steps.replicas import build_from_one_shard, distribute
from altitude.validation import STRICT, Count, Flag, Positive, refuse

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines
    from altitude.loops.traces import Traces

OnNan = Literal["fail", "skip", "rollback"]
"""What to do about an update that is not finite: end the run, leave the update out, or go back."""

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Loop(ABC):
    """Who drives the epochs of one training run.

    Attributes:
        epochs: The largest number of epochs.
        steps_per_execution: Batches in one call of the compiled step. Callbacks see every so many
            batches, at altitude 3 as under `fit`.
        jit_compile: Whether XLA compiles the step; `auto` leaves it to Keras.
        run_eagerly: Run the step as plain Python, for readable stack traces.
        precision: Keras' dtype policy for the model.
        checkpoint_every_steps: Leave a resume point after so many batches of an epoch, too; None
            for the ends of epochs and `checkpoint_every_seconds` alone.
        checkpoint_every_seconds: Leave a resume point within a long epoch after so many seconds.
        on_nan: `fail` ends the training when a loss, a gradient or a weight is NaN or infinite.
            `skip` leaves such updates out and counts them as `skipped_updates`; that takes a copy
            of all variables for each batch. `rollback` goes back to the beginning of the epoch,
            with half the learning rate.
        max_rollbacks: The number of times to go back in one training, before it ends.
        checkpoint_artifact: Log resume points, and the best model, as artifacts, so that another
            machine can go on.
        keep_checkpoint: Keep the last resume point of a run that finishes, so that it can be
            trained longer.
        distributable: Whether the loop can train copies of a model, each on a device of its own.
        spans_processes: Whether those copies may be in several processes.
    """

    distributable: ClassVar[bool] = False
    spans_processes: ClassVar[bool] = False

    epochs: Count = 30
    steps_per_execution: Count = 32
    jit_compile: Flag | Literal["auto"] = "auto"
    run_eagerly: Flag = False
    precision: Precision = "float32"
    checkpoint_every_steps: Count | None = None
    checkpoint_every_seconds: Positive = 60.0
    checkpoint_artifact: Flag = False
    keep_checkpoint: Flag = False
    on_nan: OnNan = "fail"
    max_rollbacks: Count = 3

    def __post_init__(self) -> None:
        """Refuses to compile what is to run as plain Python."""
        if self.run_eagerly and self.jit_compile is True:
            refuse("only one of loop.run_eagerly and loop.jit_compile", "loop.jit_compile=false")

    @property
    def name(self) -> str:
        """The name of the loop in the config."""
        return type(self).__name__.lower()

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """Names of training metrics beyond those of the objective."""
        return ()

    @property
    def counted_metrics(self) -> tuple[str, ...]:
        """Names of training metrics that count what the loop has done."""
        return (SKIPPED_UPDATES,) if self.on_nan == "skip" else ()

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """Names of validation and test metrics beyond those of the objective."""
        return ()

    @property
    def owns_objective(self) -> bool:
        """Whether loss and metrics are the loop's own, so that `objective=none` goes with it."""
        return False

    @property
    def bypassed_methods(self) -> tuple[str, ...]:
        """Methods of `keras.Model` that the loop never calls: a class must not override them."""
        return ()

    @property
    def instead_of_bypassing(self) -> str:
        """What to write for a class that overrides one of them."""
        return "loop=fit"

    def compile_arguments(self) -> dict[str, Any]:
        """Returns the loop's arguments of `model.compile`."""
        return {
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
        }

    def prepare(self, model: keras.Model, traces: Traces) -> None:
        """Binds the steps of the loop to a compiled model.

        Args:
            model: The compiled model, which stays a plain model when it is saved.
            traces: Counts how often the steps are traced.
        """
        build_from_one_shard(model)
        if model.built and model.optimizer is not None:
            # Variables that are made while a step is traced have it traced a second time.
            model.optimizer.build(model.trainable_variables)
        step = self.train_step(model)
        if self.on_nan == "skip":
            step = skip_non_finite(model, step)
        train = traces.counted("train_step", model, step)
        bind_steps(model, train, traces.counted("test_step", model, self.test_step(model)))

    def train_step(self, model: keras.Model) -> BatchFunction:
        """Returns what trains on a batch: Keras' own step, or that of the model's class.

        Args:
            model: The compiled model.
        """
        return _step_of(model, "train_step")

    def test_step(self, model: keras.Model) -> BatchFunction:
        """Returns what evaluates on a batch: Keras' own step, or that of the model's class.

        Args:
            model: The compiled model.
        """
        return _step_of(model, "test_step")

    def make_variables(self, model: keras.Model, pipelines: Pipelines) -> None:
        """Runs the compiled step once, since metrics and some optimizers make variables only then.

        The caller sets all variables afterwards.

        Args:
            model: The prepared model, whose weights change.
            pipelines: The pipelines, of which one batch is read.
        """
        model.make_train_function()
        model.train_function(iter(distribute(pipelines.train)))

    def saved_model(self, model: keras.Model) -> keras.Model:
        """Returns the part of the model that is kept as `best.keras`.

        Args:
            model: The trained model.

        Returns:
            A model that shares its weights with `model`; by default `model` itself.
        """
        return model

    @abstractmethod
    def run(
        self,
        model: keras.Model,
        pipelines: Pipelines,
        callbacks: Sequence[keras.callbacks.Callback],
        start: Position = START,
    ) -> keras.callbacks.History:
        """Trains a prepared model, calling the callbacks as Keras' `fit` does.

        Args:
            model: The prepared model.
            pipelines: The data.
            callbacks: Keras callbacks, in order.
            start: The epoch and batch to begin with. After the last epoch nothing is trained, and
                callbacks begin and end the training all the same.

        Returns:
            Keras' history: lists of metrics, one value an epoch.
        """

    @abstractmethod
    def evaluate(self, model: keras.Model, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns the metrics of a prepared model on a dataset.

        Args:
            model: The prepared model.
            dataset: The batches, as the pipelines yield them.

        Returns:
            The metrics of the whole dataset, by name.
        """


def _step_of(model: keras.Model, name: str) -> BatchFunction:
    step: BatchFunction = getattr(model, name)
    return require_logs(step, getattr(type(model), name)) if overrides(model, name) else step
