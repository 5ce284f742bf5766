"""What a training remembers, and which states it refuses."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from altitude.internals.keras_callbacks import REMEMBERED
from altitude.loops import Tape
from altitude.loops.position import Position
from altitude.models import Mlp
from altitude.session import fresh_session
from altitude.training.building import build_training
from altitude.training.callback_state import read_callbacks, set_callbacks
from altitude.training.graphs import GraphCache
from altitude.training.state import StateError
from altitude.training.training import Training
from tests.conftest import ExperimentFactory


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    with fresh_session(42, "float32"):
        yield


def training(
    make: ExperimentFactory, *callbacks: keras.callbacks.Callback, **changes: Any
) -> Training:
    settings: dict[str, Any] = {"loop": Tape(epochs=2, steps_per_execution=1)}
    experiment = make(**(settings | changes))
    built = build_training(experiment, GraphCache().pipelines(experiment), print)
    built.callbacks = callbacks
    return built


def test_a_state_is_a_copy(small_experiment: ExperimentFactory) -> None:
    subject = training(small_experiment)
    before = subject.state()
    subject.fit()
    after = subject.state()
    assert before.position == Position(0, 0)
    assert after.position == Position(2, 0)
    changed = [n for n in before.variables if (before.variables[n] != after.variables[n]).any()]
    assert any("kernel" in name for name in changed)
    assert any("momentum" in name for name in changed)


def test_restoring_the_first_state_trains_the_same_again(
    small_experiment: ExperimentFactory,
) -> None:
    subject = training(small_experiment, model=Mlp(hidden_units=(16,), dropout=0.3))
    fresh = subject.state()
    first = dict(subject.fit().history)
    subject.restore(fresh)
    assert subject.fit().history == first


def test_the_state_of_another_model_is_refused_and_nothing_is_set(
    small_experiment: ExperimentFactory,
) -> None:
    other = training(small_experiment, model=Mlp(hidden_units=(8,))).state()
    subject = training(small_experiment)
    before = subject.state()
    with pytest.raises(StateError, match="another shape"):
        subject.restore(other)
    after = subject.state()
    assert all((before.variables[n] == after.variables[n]).all() for n in before.variables)


def test_the_state_of_a_model_with_other_layers_is_refused(
    small_experiment: ExperimentFactory,
) -> None:
    other = training(small_experiment, model=Mlp(hidden_units=(16, 16))).state()
    with pytest.raises(StateError, match="belongs to another training"):
        training(small_experiment).restore(other)


def test_a_loop_that_always_begins_at_the_start_is_refused(
    small_experiment: ExperimentFactory,
) -> None:
    class Twice(Tape):
        def run(self, model: Any, pipelines: Any, callbacks: Any) -> Any:  # type: ignore[override]
            return super().run(model, pipelines, callbacks)

    subject = training(small_experiment, loop=Twice(epochs=1))
    assert len(subject.fit().history["loss"]) == 1
    with pytest.raises(StateError, match="parameter `start`"):
        subject.restore(subject.state())


def test_a_loop_need_not_know_how_many_batches_an_epoch_has(
    small_experiment: ExperimentFactory,
) -> None:
    class Unknowing(Tape):
        def run(self, model: Any, *others: Any) -> Any:
            callbacks = others[1]
            watchers = keras.callbacks.CallbackList(callbacks, model=model)
            watchers.on_train_begin()
            watchers.on_epoch_begin(0)
            watchers.on_train_batch_begin(0)
            watchers.on_train_batch_end(0, {"loss": 1.0})
            watchers.on_epoch_end(0, {"loss": 1.0})
            watchers.on_train_end()
            return model.history

    seen: list[Position] = []
    training(small_experiment, loop=Unknowing(epochs=1)).fit(seen.append)
    assert seen == [Position(0, 1), Position(1, 0)]


def test_a_training_that_went_on_is_not_put_back(small_experiment: ExperimentFactory) -> None:
    subject = training(small_experiment)
    subject.restore(subject.state())
    subject.fit()
    trained = subject.state()
    subject.fit()
    after = subject.state()
    assert all((trained.variables[n] == after.variables[n]).all() for n in trained.variables)


def test_a_stopped_training_is_not_trained_on(small_experiment: ExperimentFactory) -> None:
    stopping = keras.callbacks.EarlyStopping("loss", mode="max", patience=1)
    subject = training(small_experiment, stopping, loop=Tape(epochs=9))
    history = dict(subject.fit().history)
    state = subject.state()
    assert state.is_stopped
    assert len(history["loss"]) == 2
    subject.restore(state)
    assert subject.fit().history == history


def test_the_callbacks_of_keras_have_what_is_read_of_them(tmp_path: Path) -> None:
    made: list[keras.callbacks.Callback] = [
        keras.callbacks.EarlyStopping(),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), save_best_only=True),
        keras.callbacks.TensorBoard(str(tmp_path)),
        keras.callbacks.SwapEMAWeights(),
        keras.callbacks.History(),
    ]
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(use_ema=True), "mse")
    model.fit(np.ones((4, 1)), np.ones((4, 1)), validation_split=0.5, callbacks=made, verbose=0)
    for callback, names in zip(made, REMEMBERED.values(), strict=True):
        missing = [name for name in names if not hasattr(callback, name)]
        assert not missing, (
            f"Keras {keras.__version__}: {type(callback).__name__} has no {missing}. Look what it "
            "is called now and put it into REMEMBERED"
        )


def test_a_callback_of_the_users_own_takes_part() -> None:
    class Counting(keras.callbacks.Callback):
        count = 0

        def get_state(self) -> dict[str, int]:
            return {"count": self.count}

        def set_state(self, state: dict[str, int]) -> None:
            self.count = state["count"]

    before, after = Counting(), Counting()
    before.count = 5
    set_callbacks([after], read_callbacks([before]))
    assert after.count == 5


def test_a_state_of_a_callback_that_is_not_there_is_refused() -> None:
    state = read_callbacks([keras.callbacks.EarlyStopping()])
    with pytest.raises(StateError, match="EarlyStopping"):
        set_callbacks([keras.callbacks.ReduceLROnPlateau()], state)


def test_only_what_matters_between_epochs_is_held(small_experiment: ExperimentFactory) -> None:
    subject = training(small_experiment)
    held: dict[Position, int] = {}
    subject.fit(lambda position: held.update({position: len(subject.state().metrics)}))
    within = [count for position, count in held.items() if position.step]
    assert within
    assert all(within)
    assert held[Position(1, 0)] == 0
    assert dataclasses.is_dataclass(subject.state())
