"""Each verdict, on an experiment that is ill in that way; and none on a healthy one."""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic.dataclasses import dataclass

import altitude
from altitude import Experiment, LazyCall
from altitude.data import ArrayDataset, DataSpec, Digits, Examples, Splits, Transform
from altitude.data.arrays import Array
from altitude.doctor import Verdict, examine
from altitude.models import Mlp
from altitude.objective import Objective
from altitude.validation import STRICT
from tests.conftest import ExperimentFactory

pytestmark = pytest.mark.slow

HEALTHY = (
    ("model=mlp",),
    ("model=cnn",),
    ("model=linear",),
    ("model=backbone_head", "optimizer=backbone_head"),
    ("model=mlp_softmax", "objective.loss.from_logits=false"),
    ("loop=train_step", "loop.clip_norm=1.0"),
    ("loop=tape", "loop.precision=mixed_float16", "dataset.batch_size=16"),
    ("objective=categorical", "dataset.one_hot=true"),
    ("experiment=mixup",),
    ("experiment=accumulate",),
    ("experiment=gan", "dataset.limit=2000"),
)


@pytest.mark.parametrize("overrides", HEALTHY)
def test_a_healthy_experiment_gets_no_verdict(overrides: tuple[str, ...]) -> None:
    data = () if overrides[0].startswith("experiment=") else ("dataset=digits",)
    report = examine(altitude.compose([*data, *overrides, "tracking=none"]))
    assert report.verdicts == ()
    assert any(one.subject == "model" for one in report.measurements)


REGRESSION = Objective(loss=LazyCall("keras.losses.MeanSquaredError"), monitor="val_loss")


def verdict(experiment: Experiment, name: str) -> Verdict:
    found = {one.name: one for one in examine(experiment).verdicts}
    assert name in found
    return found[name]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Noise(ArrayDataset):
    """Random inputs whose labels a function makes."""

    labels: Callable[[Array], Array]

    def load(self) -> Splits:
        x = np.random.default_rng(0).normal(size=(640, 4)).astype(np.float32)
        examples = Examples(x, self.labels(x))
        return Splits(examples[:480], examples[560:], examples[480:560])


def model_of(*layers: Any) -> Callable[[DataSpec], keras.Model]:
    """A function that builds a model of layers, which functions make."""
    return lambda spec: keras.Sequential(
        [keras.Input(spec.input_shape), keras.layers.Flatten(), *(make() for make in layers)]
    )


def test_imbalanced_classes(small_experiment: ExperimentFactory) -> None:
    rare = Noise(labels=lambda x: (x[:, 0] > 1.7).astype(np.int64))
    found = verdict(small_experiment(dataset=rare), "imbalanced classes")
    assert "class 0 has" in found.seen
    assert found.instead.startswith("'objective.class_weight={1: ")


def test_suspicious_data(small_experiment: ExperimentFactory) -> None:
    same = Noise(labels=lambda x: np.ones((len(x), 1), np.float32))
    found = verdict(small_experiment(dataset=same, objective=REGRESSION), "suspicious data")
    assert found.seen == "every label for training is 1.0: there is nothing to learn"


def test_a_loss_far_from_chance(small_experiment: ExperimentFactory) -> None:
    found = verdict(small_experiment(dataset=Digits(divisor=0.01)), "loss at the start")
    assert "one that guesses has 2.303" in found.seen


def test_exploding_gradients(small_experiment: ExperimentFactory) -> None:
    large = Noise(labels=lambda x: (x[:, :1] * 1e5).astype(np.float32))
    experiment = small_experiment(dataset=large, objective=REGRESSION)
    assert "clip_norm" in verdict(experiment, "exploding gradients").instead


class Unused(keras.layers.Layer):
    """Passes its inputs on, and has a weight that it does not use."""

    def build(self, _input_shape: Any) -> None:
        self.unused = self.add_weight(shape=(3,), name="unused")

    def call(self, inputs: Any) -> Any:
        return inputs


@pytest.mark.parametrize(
    ("layers", "seen"),
    [
        ((Unused, lambda: keras.layers.Dense(10)), "does not depend on"),
        ((lambda: keras.layers.Dense(10, trainable=False),), "no variable is trainable"),
        (
            (
                lambda: keras.layers.Dense(8),
                lambda: keras.layers.Dense(
                    10, "relu", bias_initializer=keras.initializers.Constant(-99)
                ),
            ),
            "is zero for every example",
        ),
    ],
)
def test_missing_gradients(
    layers: tuple[Any, ...], seen: str, small_experiment: ExperimentFactory
) -> None:
    assert seen in verdict(small_experiment(model=model_of(*layers)), "missing gradients").seen


def test_dead_units(small_experiment: ExperimentFactory) -> None:
    dead = model_of(
        lambda: keras.layers.Dense(
            8, "relu", bias_initializer=keras.initializers.Constant(-99), name="hidden"
        ),
        lambda: keras.layers.Dense(10),
    )
    found = verdict(small_experiment(model=dead), "dead units")
    assert found.seen == "8 of 8 units of `hidden` are zero for every example"


def test_saturated_outputs(small_experiment: ExperimentFactory) -> None:
    saturated = model_of(
        lambda: keras.layers.Dense(8, "tanh", kernel_initializer=keras.initializers.Constant(9)),
        lambda: keras.layers.Dense(10),
    )
    assert (
        "100% of the outputs"
        in verdict(small_experiment(model=saturated), "saturated outputs").seen
    )


@pytest.mark.parametrize(("rate", "instead"), [(1e3, "smaller"), (1e-11, "larger")])
def test_a_learning_rate_that_is_far_off(
    rate: float, instead: str, small_experiment: ExperimentFactory
) -> None:
    optimizer = LazyCall("keras.optimizers.Adam", {"learning_rate": rate})
    found = verdict(small_experiment(optimizer=optimizer), "learning rate")
    assert found.instead == f"a {instead} optimizer.learning_rate"


def test_a_batch_that_cannot_be_learnt(small_experiment: ExperimentFactory) -> None:
    blind = model_of(lambda: keras.layers.Rescaling(1e-9), lambda: keras.layers.Dense(10))
    found = verdict(small_experiment(model=blind), "unlearnable batch")
    assert "200 steps of Adam" in found.seen


class Slow(Transform):
    """Takes 20 ms a batch in Python."""

    taken: ClassVar[float] = 0.02

    def __call__(self, batch: tuple[tf.Tensor, ...], _seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        def wait(x: tf.Tensor) -> tf.Tensor:
            time.sleep(self.taken)
            return x

        x, y = batch
        return tf.ensure_shape(tf.py_function(wait, [x], x.dtype), x.shape), y


def test_bound_by_input(small_experiment: ExperimentFactory) -> None:
    slow = Digits(limit=300, batch_size=64, transforms={"slow": Slow()})
    assert "to be loaded" in verdict(small_experiment(dataset=slow), "bound by input").seen


def test_it_measures_the_same_each_time(small_experiment: ExperimentFactory) -> None:
    experiment = small_experiment(model=Mlp(hidden_units=(8,)))
    first, again = (
        [one.text for one in examine(experiment).measurements if one.subject == "model"]
        for _ in range(2)
    )
    assert first == again
