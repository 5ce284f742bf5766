from collections.abc import Callable
from typing import Any

import pytest

from altitude.steps.gradients import apply_gradients, drop_missing_gradients

LEARNING_RATE = 0.5


@pytest.fixture
def model() -> Any:
    import keras

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(inputs))
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss="mse")
    model.grad_norm = keras.metrics.Mean(name="grad_norm")
    return model


def gradients_of_norm(model: Any, norm: float) -> list[Any]:
    import tensorflow as tf

    kernel, bias = model.trainable_variables
    return [tf.constant([[norm], [0.0]], dtype=kernel.dtype), tf.zeros(bias.shape)]


def moved(model: Any, act: Callable[[], None]) -> float:
    before = model.get_weights()[0][0, 0]
    act()
    return float(before - model.get_weights()[0][0, 0])


def test_without_a_bound_gradients_are_applied_as_they_are(model: Any) -> None:
    distance = moved(model, lambda: apply_gradients(model, gradients_of_norm(model, 3.0), None))
    assert distance == pytest.approx(3.0 * LEARNING_RATE)
    assert float(model.grad_norm.result()) == 0.0


def test_a_bound_clips_and_the_norm_before_it_is_tracked(model: Any) -> None:
    distance = moved(model, lambda: apply_gradients(model, gradients_of_norm(model, 3.0), 1.0))
    assert distance == pytest.approx(1.0 * LEARNING_RATE)
    assert float(model.grad_norm.result()) == pytest.approx(3.0)


def test_a_bound_above_the_norm_changes_nothing(model: Any) -> None:
    distance = moved(model, lambda: apply_gradients(model, gradients_of_norm(model, 0.5), 1.0))
    assert distance == pytest.approx(0.5 * LEARNING_RATE)


def test_the_norm_is_that_of_the_unscaled_gradients(model: Any) -> None:
    import keras

    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(LEARNING_RATE), 1024.0)
    model.compile(optimizer=scaling, loss="mse")
    scaled = gradients_of_norm(model, 3.0 * 1024.0)
    distance = moved(model, lambda: apply_gradients(model, scaled, 1.0))
    assert distance == pytest.approx(1.0 * LEARNING_RATE)
    assert float(model.grad_norm.result()) == pytest.approx(3.0)


def test_an_overflow_is_not_counted_in_the_norm(model: Any) -> None:
    import keras

    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(LEARNING_RATE), 1024.0)
    model.compile(optimizer=scaling, loss="mse")
    distance = moved(
        model, lambda: apply_gradients(model, gradients_of_norm(model, float("inf")), 1.0)
    )
    assert distance == 0.0
    assert float(model.grad_norm.result()) == 0.0


def test_a_variable_without_gradient_is_named_and_left_alone(model: Any) -> None:
    kernel_gradient, _ = gradients_of_norm(model, 1.0)
    with pytest.warns(UserWarning, match="no gradient reaches head/bias"):
        pairs = drop_missing_gradients(model.trainable_variables, [kernel_gradient, None])
    assert [variable.path for _, variable in pairs] == ["head/kernel"]


def test_a_loss_that_reaches_nothing_is_an_error(model: Any) -> None:
    with pytest.raises(ValueError, match="reaches none of the 2 trainable variables"):
        apply_gradients(model, [None, None], 1.0)
