"""A training: the one thing that has state."""

import inspect
from collections.abc import Callable, Sequence

import keras

from altitude.data.pipeline import Pipelines
from altitude.loops import Loop
from altitude.loops.position import START, Position
from altitude.training.callback_state import append_to_files, read_callbacks, set_callbacks
from altitude.training.model_state import (
    has_variables,
    read_metrics,
    read_trainable,
    read_variables,
    set_metrics,
    set_trainable,
    set_variables,
)
from altitude.training.state import StateError, TrainingState
from altitude.training.state_keeper import StateKeeper


class Training:
    """A compiled model, its step, its data and its callbacks, at some position.

    Example:
        Train, and go on from where a state was taken, in this or in another process:

        ```python
        training.fit(lambda position: save_state(training.state(), path))
        ...
        training.restore(load_state(path))
        training.fit()
        ```

    Args:
        loop: Who drives the epochs.
        model: The compiled model, prepared for that loop.
        pipelines: The data.
        callbacks: In the order in which they are called.

    Attributes:
        position: The next batch.
    """

    def __init__(
        self,
        loop: Loop,
        model: keras.Model,
        pipelines: Pipelines,
        callbacks: Sequence[keras.callbacks.Callback],
    ) -> None:
        self.model = model
        self.position = START
        self._loop = loop
        self._pipelines = pipelines
        # Keras adds a History behind all others: ours has to be behind that.
        self._callbacks = [*callbacks, keras.callbacks.History()]
        self._restored: TrainingState | None = None

    def fit(
        self, on_position: Callable[[Position], None] = lambda _position: None
    ) -> keras.callbacks.History:
        """Trains from the present position to the end.

        Args:
            on_position: Called between two calls of the step, and between two epochs: the moments
                at which `state` may be asked for.

        Returns:
            Keras' history, from the first epoch on.
        """

        def follow(position: Position) -> None:
            self.position = position
            on_position(position)

        start = self.position
        if self._restored is not None and self._restored.is_stopped:
            start = Position(self._loop.epochs)
        keeper = StateKeeper(start, self._restore, follow)
        # A loop of the user's own need not know how to begin anywhere else.
        arguments = () if start == START else (start,)
        callbacks = [*self._callbacks, keeper]
        history = self._loop.run(self.model, self._pipelines, callbacks, *arguments)
        self._restored = None  # it has been gone on from
        return history

    def state(self) -> TrainingState:
        """Copies everything that decides how the training goes on."""
        return TrainingState(
            position=self.position,
            variables=read_variables(self.model),
            metrics=read_metrics(self.model) if self.position.step else {},
            trainable=read_trainable(self.model),
            callbacks=read_callbacks(self._callbacks),
            is_stopped=bool(self.model.stop_training),
        )

    def restore(self, state: TrainingState) -> None:
        """Sets what `state` has copied, from this training or one that was built alike.

        Raises:
            StateError: If it is the state of another training, or if the loop cannot begin there.
        """
        if "start" not in inspect.signature(self._loop.run).parameters:
            raise StateError(
                f"{type(self._loop).__name__}.run begins with the first batch always. To go on "
                "from elsewhere it needs a parameter `start`: see altitude.loops.Tape.run"
            )
        set_trainable(self.model, state.trainable)
        if not has_variables(self.model, state):
            self._loop.make_variables(self.model, self._pipelines)
        if state.position > START:
            append_to_files(self._callbacks)
        self.position = state.position
        self._restored = state
        self._restore()

    def _restore(self) -> None:
        state = self._restored
        if state is None:
            return
        set_trainable(self.model, state.trainable)
        set_variables(self.model, state.variables)
        if state.metrics:
            set_metrics(self.model, state.metrics)
        set_callbacks(self._callbacks, state.callbacks)
