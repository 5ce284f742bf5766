"""Where a training diverged is found by training the epoch again, at all three altitudes."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from altitude import ConfigError, LazyCall, NonFiniteError, compose, run
from altitude.loops import Fit, Loop, Tape, TrainStep
from tests.conftest import ExperimentFactory
from tests.loops.test_skipping import LOOPS, Numbered, network, poisoned, weights

HUGE = LazyCall("keras.optimizers.SGD", {"learning_rate": 1e30})


@keras.saving.register_keras_serializable("divergence")
class Root(keras.layers.Layer):
    """A square root, whose gradient is infinite at zero."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.sqrt(keras.ops.relu(inputs))


@keras.saving.register_keras_serializable("divergence")
class Logarithm(keras.layers.Layer):
    """A logarithm, also of negative numbers."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.log(inputs)


def with_root(_spec: Any) -> keras.Model:
    zero = keras.layers.Dense(4, kernel_initializer="zeros", name="before")
    layers = [zero, Root(name="root"), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((4,)), *layers])


def with_log(_spec: Any) -> keras.Model:
    layers = [Logarithm(name="log"), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((4,)), *layers])


def failure(experiment: Any) -> str:
    with pytest.raises(NonFiniteError) as failed:
        run(experiment)
    return str(failed.value)


@pytest.mark.parametrize("cls", LOOPS)
def test_the_exact_batch(
    cls: type[Loop], small_experiment: ExperimentFactory, tmp_path: Path
) -> None:
    loop = cls(epochs=2, steps_per_execution=32)
    message = failure(poisoned(small_experiment, tmp_path / "run", loop))
    first, second, *_ = message.splitlines()
    assert "is not finite in epoch 1, steps 1 to 13" in first  # the loss is, behind a relu
    assert "epoch 1, step " in second
    assert second.endswith("its inputs are not finite, before the model sees them")


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        (with_root, r"step \d+: the loss is 0\.69\d+, and the gradient of `\S*before/bias` is the"),
        (with_log, "step 1: the output of the layer `log` is the first that is not finite"),
    ],
)
def test_the_first_layer(model: Any, cause: str, small_experiment: ExperimentFactory) -> None:
    experiment = small_experiment(dataset=Numbered(batch_size=16), model=model, loop=TrainStep())
    assert re.search(f"epoch 1, {cause}", failure(experiment))


def test_an_update_that_is_too_large(small_experiment: ExperimentFactory) -> None:
    message = failure(small_experiment(optimizer=HUGE, loop=Tape()))
    assert "epoch 1, step " in message.splitlines()[1]


@pytest.mark.slow
def test_a_rollback_goes_back_with_half_the_rate_at_all_altitudes_alike(
    small_experiment: ExperimentFactory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steep = LazyCall("keras.optimizers.SGD", {"learning_rate": 1e9})
    results = [
        run(
            small_experiment(
                dataset=Numbered(batch_size=16),
                model=network,
                optimizer=steep,
                loop=cls(epochs=2, steps_per_execution=4, on_nan="rollback", max_rollbacks=60),
                output_dir=tmp_path / cls.__name__,
            )
        )
        for cls in LOOPS
    ]
    first = results[0]
    assert 0 < first.metrics_by_epoch["learning_rate"][0] < 1e9
    shown = capsys.readouterr().out
    assert "back to the start of epoch 1 with half the learning rate (1 of 60 times)" in shown
    for other in results[1:]:
        for name in ("learning_rate", "loss", "val_loss"):
            assert other.metrics_by_epoch[name] == first.metrics_by_epoch[name]
        for ours, theirs in zip(weights(first.model_path), weights(other.model_path), strict=True):
            assert np.array_equal(ours, theirs)


def test_rollbacks_come_to_an_end(small_experiment: ExperimentFactory, tmp_path: Path) -> None:
    loop = Fit(epochs=2, on_nan="rollback", max_rollbacks=2)
    message = failure(poisoned(small_experiment, tmp_path / "run", loop))
    assert "its inputs are not finite" in message


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        ["strategy=mirrored", "strategy.logical_cpus=2"],
        ["experiment=reinforce"],
        [
            "+callbacks.rate._target_=keras.callbacks.LearningRateScheduler",
            "+callbacks.rate.schedule=null",
        ],
    ],
)
def test_where_a_rollback_cannot_work(overrides: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        compose(["dataset=digits", *overrides, "loop.on_nan=rollback"][-len(overrides) - 1 :])
    assert any(problem.key == "loop.on_nan" for problem in refused.value.problems)
