"""Updates that are not finite are left out, as if their batches had not been there."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic.dataclasses import dataclass

from altitude import Experiment, NonFiniteError, compose, run
from altitude.data import ArrayDataset, Examples, Splits, Transform
from altitude.data.arrays import Array
from altitude.loops import Fit, Loop, Tape, TrainStep
from altitude.loops.skipping import skip_non_finite
from altitude.models.variables import SKIPPED_UPDATES, metric_variables, variables
from altitude.steps import Accumulate, Step, Supervised
from altitude.validation import STRICT
from tests.conftest import ExperimentFactory

BAD_ROW = 13
LOOPS: tuple[type[Loop], ...] = (Fit, TrainStep, Tape)


class Poison(Transform):
    """Makes NaN of one example, and of nothing else."""

    def __call__(self, batch: tuple[tf.Tensor, ...], _seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        x, y = batch
        return tf.where(x[:, :1] == BAD_ROW, np.nan, x), y


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Numbered(ArrayDataset):
    """Examples whose first column is their number."""

    divisor: float | None = 1.0

    def load(self) -> Splits:
        generator = np.random.default_rng(0)
        x = generator.normal(size=(320, 4)).astype(np.float32)
        x[:, 0] = np.arange(len(x))
        examples = Examples(x, (x[:, 1] > 0).astype(np.int64))
        return Splits(examples[:200], examples[260:], examples[200:260])


def network(_spec: Any) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(2),
        ]
    )


def poisoned(make: ExperimentFactory, folder: Path, loop: Loop) -> Experiment:
    dataset = Numbered(batch_size=16, transforms={"poison": Poison()})
    return make(dataset=dataset, model=network, loop=loop, output_dir=folder)


def weights(path: Path) -> list[Array]:
    return list(keras.models.load_model(path).get_weights())


@pytest.mark.slow
def test_all_altitudes_leave_out_the_same(
    small_experiment: ExperimentFactory, tmp_path: Path
) -> None:
    results = [
        run(
            poisoned(
                small_experiment,
                tmp_path / cls.__name__,
                cls(epochs=3, steps_per_execution=4, on_nan="skip"),
            )
        )
        for cls in LOOPS
    ]
    first = results[0]
    assert first.metrics_by_epoch[SKIPPED_UPDATES] == [1.0, 2.0, 3.0]
    assert all(np.isfinite(value) for value in first.metrics_by_epoch["loss"])
    for other in results[1:]:
        for name in (SKIPPED_UPDATES, "loss", "val_loss", "val_accuracy"):
            assert other.metrics_by_epoch[name] == first.metrics_by_epoch[name]
        for ours, theirs in zip(weights(first.model_path), weights(other.model_path), strict=True):
            assert np.array_equal(ours, theirs)


def compiled(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    model = network(None)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    "step", [Supervised(), Supervised(clip_norm=1.0), Accumulate(micro_batches=2)]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_has_happened(step: Step, value: float) -> None:
    model = compiled(keras.optimizers.Adam(use_ema=True))
    step.build(model)
    model.optimizer.build(model.trainable_variables)
    guarded = tf.function(skip_non_finite(model, lambda batch: step.train(model, batch)))
    x = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    good = (tf.constant(x), tf.zeros(8, tf.int32))
    bad = (tf.constant(np.where(x == x[0, 0], value, x)), good[1])
    for _ in range(3):
        guarded(good)
    before = [v.numpy() for v in state(model)]
    logs = guarded(bad)
    assert int(logs[SKIPPED_UPDATES]) == 1
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, state(model), strict=True))
    assert np.isfinite(float(logs["loss"]))
    guarded(good)
    assert any(not np.array_equal(a, v.numpy()) for a, v in zip(before, state(model), strict=True))
    assert int(model.skipped_updates) == 1


def state(model: keras.Model) -> list[tf.Variable]:
    found = [*variables(model), *metric_variables(model)]
    return [variable for variable in found if variable is not model.skipped_updates]


def test_values_that_were_not_finite_before_are_no_reason() -> None:
    model = compiled(keras.optimizers.SGD())
    model.mask = tf.Variable([0.0, -np.inf], trainable=False)
    step = Supervised()
    guarded = skip_non_finite(model, lambda batch: step.train(model, batch))
    logs = guarded((tf.ones((8, 4)), tf.zeros(8, tf.int32)))
    assert int(logs[SKIPPED_UPDATES]) == 0


def test_a_training_without_any_update_fails(
    small_experiment: ExperimentFactory, tmp_path: Path
) -> None:
    def broken(_spec: Any) -> keras.Model:
        layers = [keras.layers.Rescaling(np.inf), keras.layers.Dense(2)]
        return keras.Sequential([keras.Input((4,)), *layers])

    experiment = small_experiment(
        dataset=Numbered(batch_size=16),
        model=broken,
        loop=Tape(epochs=2, on_nan="skip"),
        output_dir=tmp_path / "run",
    )
    with pytest.raises(NonFiniteError, match="no update of epoch 1 was finite, and all 13 were"):
        run(experiment)


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        ("experiment=gan", "dataset=digits", "model.filters=4"),
        ("experiment=accumulate", "dataset=digits"),
        ("experiment=reinforce",),
    ],
)
def test_recipes_train_with_it(overrides: tuple[str, ...]) -> None:
    quick = ("tracking=none", "loop.epochs=1", "loop.on_nan=skip")
    result = run(compose([*overrides, *quick]))
    assert result.metrics_by_epoch[SKIPPED_UPDATES] == [0.0]
