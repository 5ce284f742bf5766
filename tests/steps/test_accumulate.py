from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from altitude import ConfigError, compose, run
from altitude.steps import Accumulate, Step, Supervised

COUNT = 22
"""Examples in the batch: four parts of six, the last of which is short."""


def updated(step: Step, optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """The weights after three updates with the same batch, and the epoch's metrics."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(7, "tanh", kernel_regularizer="l2")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3)(hidden))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    step.build(model)
    generator = np.random.default_rng(0)
    x = tf.constant(generator.normal(size=(COUNT, 5)), tf.float32)
    y = tf.constant(generator.integers(0, 3, COUNT), tf.int32)
    weight = tf.constant(generator.random(COUNT), tf.float32)
    train = tf.function(lambda *batch: step.train(model, batch), autograph=False)
    for _ in range(3):
        logs = train(x, y, weight)
    return [*model.get_weights(), *(float(value) for value in logs.values())]


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.SGD, pytest.param(keras.optimizers.Adam, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("micro_batches", [1, 4, 7, 100])
def test_the_parts_of_a_batch_add_up_to_the_whole(optimizer: Any, micro_batches: int) -> None:
    whole = updated(Supervised(), optimizer(0.1))
    parts = updated(Accumulate(micro_batches=micro_batches), optimizer(0.1))
    for expected, found in zip(whole, parts, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_it_clips_the_gradient_of_the_whole_batch() -> None:
    clipped = updated(Accumulate(micro_batches=4, clip_norm=0.1), keras.optimizers.SGD(0.1))
    whole = updated(Supervised(clip_norm=0.1), keras.optimizers.SGD(0.1))
    for expected, found in zip(whole, clipped, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_xla_is_refused_with_what_to_write() -> None:
    overrides = [
        "experiment=accumulate",
        "dataset=digits",
        "tracking=none",
        "loop.jit_compile=true",
    ]
    with pytest.raises(ConfigError, match=r"loop\.jit_compile=false"):
        run(compose(overrides))
