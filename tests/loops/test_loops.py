from typing import Any

import pytest
from pydantic import ValidationError

from altitude import ConfigError, compose, run
from altitude.loops import Fit, Tape, TrainStep
from altitude.steps import Batch, Logs, Step, Supervised
from tests.conftest import ExperimentFactory


class Counting(Step):
    """Counts how often it is traced, and reports a number that is no metric."""

    def __init__(self) -> None:
        self.traces: dict[str, int] = {"train": 0, "evaluate": 0}

    def train(self, model: Any, batch: Batch) -> Logs:
        from altitude.steps import Supervised

        self.traces["train"] += 1
        return Supervised().train(model, batch)

    def evaluate(self, model: Any, batch: Batch) -> Logs:
        self.traces["evaluate"] += 1
        return super().evaluate(model, batch)


def test_altitude_1_refuses_a_bound_and_names_the_two_ways_on() -> None:
    with pytest.raises(ValidationError, match=r"optimizer\.global_clipnorm=1\.0.*loop=train_step"):
        Fit(clip_norm=1.0)  # type: ignore[arg-type]


def test_altitude_1_refuses_a_step() -> None:
    with pytest.raises(ConfigError, match="go down to altitude 2"):
        compose(["loop=fit", "loop.step={_target_:altitude.steps.Supervised}"])


def test_a_step_that_cannot_clip_is_told() -> None:
    with pytest.raises(ValidationError, match="Counting has none"):
        Tape(step=Counting(), clip_norm=1.0)


@pytest.mark.parametrize("cls", [TrainStep, Tape])
def test_the_short_last_batch_costs_no_trace(
    small_experiment: ExperimentFactory, cls: type[TrainStep]
) -> None:
    step = Counting()
    run(small_experiment(loop=cls(epochs=3, step=step, steps_per_execution=2)))
    assert step.traces["train"] == 1
    # In training, at its end, and for validation and test of the reloaded model.
    assert step.traces["evaluate"] <= 4


def test_altitude_3_needs_to_know_how_many_batches_there_are() -> None:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    endless = tf.data.Dataset.from_tensors((tf.zeros((2, 1)), tf.zeros((2, 1)))).repeat()
    with pytest.raises(ValueError, match="assert_cardinality"):
        Tape().evaluate(model, endless)


def test_a_model_class_keeps_its_own_step(small_experiment: ExperimentFactory) -> None:
    import keras

    from altitude.data import DataSpec

    @keras.saving.register_keras_serializable()
    class Reporting(keras.Model):
        def train_step(self, data: Any) -> Any:
            return super().train_step(data) | {"own": keras.ops.convert_to_tensor(7.0)}

    def build(spec: DataSpec) -> Any:
        inputs = keras.Input(spec.input_shape)
        outputs = keras.layers.Dense(spec.num_classes)(keras.layers.Flatten()(inputs))
        return Reporting(inputs, outputs)

    for loop in (TrainStep(epochs=1), Tape(epochs=1)):
        result = run(small_experiment(loop=loop, model=build))
        assert result.metrics_by_epoch["own"] == [7.0]


def test_the_loops_bound_goes_before_that_of_the_step_and_leaves_its_settings() -> None:
    loop = Tape(clip_norm=0.5, step=Supervised(clip_norm=2.0))
    assert loop.bounded_step == Supervised(clip_norm=0.5)
    assert loop.step == Supervised(clip_norm=2.0)
    assert loop.reported_metrics == ("grad_norm",)
