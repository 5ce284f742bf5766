"""A training, the only object with state."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence

from altitude.data.pipeline import Pipelines
from altitude.errors import NonFiniteError
from altitude.experiment import Experiment
from altitude.lazy import keras, tf
from altitude.loops.position import START, Position
from altitude.loops.traces import Traces
from altitude.models.variables import metric_variables, variables
from altitude.training.best_model.saved_model import SavedModel
from altitude.training.callback_state import append_to_files, read_callbacks, set_callbacks
from altitude.training.divergence import find_divergence
from altitude.training.graphs.graph_record import GraphRecord
from altitude.training.model_state import (
    has_variables,
    read_trainable,
    read_variables,
    set_trainable,
    set_variables,
)
from altitude.training.rollback import with_half_the_rate
from altitude.training.state import StateError, TrainingState
from altitude.training.state_keeper import StateKeeper

LONGEST_SEARCH = 600.0
"""Seconds of an epoch that is trained again, in search of a batch that is not finite."""


class Training:
    """A compiled model, its steps, its data and its callbacks, at some position.

    Example:
        Train, and continue from a saved state, in this or in another process:

        ```python
        training = build_training(experiment, pipelines, print)
        training.callbacks = [keras.callbacks.EarlyStopping()]
        training.fit(lambda position: save_state(training.state(), path))
        ...
        training.restore(load_state(path))
        training.fit()
        ```

    Attributes:
        experiment: The experiment that is trained.
        model: The compiled model, prepared by the experiment's loop.
        pipelines: The data.
        saved: The part of the model that is kept as `best.keras`.
        traces: Counts how often the steps were traced.
        graphs: The graphs that they were traced into.
        callbacks: The callbacks in the order of their calls; none at first.
        position: The next batch.
    """

    def __init__(
        self,
        experiment: Experiment,
        model: keras.Model,
        pipelines: Pipelines,
        saved: SavedModel,
        traces: Traces,
        graphs: GraphRecord,
    ) -> None:
        self.experiment = experiment
        self.model = model
        self.pipelines = pipelines
        self.saved = saved
        self.traces = traces
        self.graphs = graphs
        self.callbacks: Sequence[keras.callbacks.Callback] = ()
        self.position = START
        self._history = keras.callbacks.History()
        self._restored: TrainingState | None = None
        self._epoch_start: TrainingState | None = None
        self._epoch_began = 0.0
        self._rollbacks = 0

    def fit(
        self,
        on_position: Callable[[Position], None] = lambda _position: None,
        on_rollback: Callable[[str], None] = lambda _message: None,
    ) -> keras.callbacks.History:
        """Trains from the present position to the end.

        Args:
            on_position: Called between two calls of the step, and between two epochs: the moments
                at which `state` may be asked for.
            on_rollback: Called with what happened, where the training goes back to the beginning of
                an epoch (`loop.on_nan=rollback`).

        Returns:
            Keras' history, from the first epoch on.

        Raises:
            NonFiniteError: If a loss, a gradient or a weight is not finite.
        """
        while True:
            if self._epoch_start is None:
                self._keep_epoch_start()
            try:
                return self._fit(on_position)
            except NonFiniteError as error:
                if not self._may_roll_back:
                    raise self._explained(error) from error
                on_rollback(self._roll_back(error))

    @property
    def _may_roll_back(self) -> bool:
        loop = self.experiment.loop
        has_start = self._epoch_start is not None
        return loop.on_nan == "rollback" and has_start and self._rollbacks < loop.max_rollbacks

    def _roll_back(self, error: NonFiniteError) -> str:
        """Goes back to the beginning of the epoch, and says so."""
        if self._epoch_start is not None:
            self.restore(with_half_the_rate(self._epoch_start))
        what, _, _ = str(error).partition("\n")
        where = f"back to the start of epoch {self.position.epoch + 1} with half the learning rate"
        return f"{what}: {where} ({self._rollbacks} of {self.experiment.loop.max_rollbacks} times)"

    @property
    def _keeps_epoch_starts(self) -> bool:
        """Whether there are batches that can be trained again, all of them in this process."""
        is_alone = not self.experiment.strategy.distributes
        return is_alone and isinstance(self.pipelines, Pipelines)

    def _explained(self, error: NonFiniteError) -> NonFiniteError:
        """The error, with the exact batch and the first layer that is not finite."""
        start = self._epoch_start
        if start is None or time.monotonic() - self._epoch_began > LONGEST_SEARCH:
            return error
        try:
            found = find_divergence(self.model, self.pipelines, start)
        except Exception as failure:  # noqa: BLE001 - it must not hide what went wrong before
            error.add_note(f"the batch could not be found: {failure}")
            return error
        first, *others = str(error).split("\n")
        return NonFiniteError("\n".join([first, f"    {found}", *others])) if found else error

    def _keep_epoch_start(self) -> None:
        self._epoch_start = self.state() if self._keeps_epoch_starts else None
        self._epoch_began = time.monotonic()

    def _fit(self, on_position: Callable[[Position], None]) -> keras.callbacks.History:
        def follow(position: Position) -> None:
            self.position = position
            on_position(position)
            if position.step == 0:
                self._keep_epoch_start()

        start = self.position
        if self._restored is not None and self._restored.is_stopped:
            start = Position(self.experiment.loop.epochs)
        keeper = StateKeeper(start, self._restore, follow)
        # A loop of the user's own need not know how to begin anywhere else.
        arguments = () if start == START else (start,)
        callbacks = [*self._all_callbacks, keeper]
        history = self.experiment.loop.run(self.model, self.pipelines, callbacks, *arguments)
        self._restored = None  # it was resumed from this position
        return history

    def ends_at(self, position: Position) -> bool:
        """Returns whether a position that the training has reached is its last one.

        Args:
            position: The position.
        """
        is_last = self.model.stop_training or position.epoch >= self.experiment.loop.epochs
        return position.step == 0 and bool(is_last)

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns the metrics of the model on a dataset, by name.

        Args:
            dataset: Batches as the pipelines yield them.
        """
        return self.experiment.loop.evaluate(self.model, dataset)

    def validate(self) -> dict[str, float]:
        """Returns the metrics on the validation data, with `val_` in front; none if it has none."""
        if self.pipelines.validation is None:
            return {}
        scores = self.evaluate(self.pipelines.validation)
        return {f"val_{name}": value for name, value in scores.items()}

    def state(self) -> TrainingState:
        """Returns a copy of everything that determines how the training continues."""
        goes_back = self.experiment.loop.on_nan == "rollback"
        return TrainingState(
            position=self.position,
            variables=read_variables(variables(self.model)),
            metrics=read_variables(metric_variables(self.model)) if self.position.step else {},
            trainable=read_trainable(self.model),
            callbacks=read_callbacks(self._all_callbacks),
            saved=self.saved.get_state(),
            is_stopped=bool(self.model.stop_training),
            rollbacks=self._rollbacks,
            epoch_start=self._epoch_start if goes_back and self.position.step else None,
        )

    def restore(self, state: TrainingState) -> None:
        """Sets what `state` has copied, from this training or one that was built alike.

        Args:
            state: The state to continue from.

        Raises:
            StateError: If it is the state of another training, or if the loop cannot begin there.
        """
        loop = self.experiment.loop
        if "start" not in inspect.signature(loop.run).parameters:
            raise StateError(
                f"{type(loop).__name__}.run begins with the first batch always. To go on "
                "from elsewhere it needs a parameter `start`: see altitude.loops.Tape.run"
            )
        set_trainable(self.model, state.trainable)
        if not has_variables(self.model, state):
            loop.make_variables(self.model, self.pipelines)
        if state.position > START:
            append_to_files(self._all_callbacks)
        self._set(state)
        self.position = state.position
        self.model.stop_training = state.is_stopped
        self._rollbacks, self._epoch_start = state.rollbacks, state.epoch_start
        # What callbacks do as a training begins must last, if this one begins.
        self._restored = state if state.position > START else None

    def reset_to(self, fresh: Training) -> None:
        """Takes over a training that has the same graphs and has not begun.

        Args:
            fresh: The training to take over.

        Raises:
            StateError: If its state does not fit.
        """
        self.experiment, self.pipelines = fresh.experiment, fresh.pipelines
        self.callbacks, self._history = fresh.callbacks, keras.callbacks.History()
        self.restore(fresh.state())
        self.model.predict_function = None  # callbacks may have had it traced, unseen
        self.traces.restart()

    @property
    def _all_callbacks(self) -> list[keras.callbacks.Callback]:
        # Keras adds a History behind all others: the StateKeeper has to be behind that.
        return [*self.callbacks, self._history]

    def _restore(self) -> None:
        if self._restored is not None:
            self._set(self._restored)

    def _set(self, state: TrainingState) -> None:
        set_trainable(self.model, state.trainable)
        set_variables(variables(self.model), state.variables)
        if state.metrics:
            set_variables(metric_variables(self.model), state.metrics)
        set_callbacks(self._all_callbacks, state.callbacks)
        self.saved.set_state(state.saved)
