from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from altitude.data import DataSpec, LabelSpec
from altitude.models import Mlp

SPEC = DataSpec((4, 3), LabelSpec("integer", 5))


@pytest.fixture
def half_precision() -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


def widths(model: keras.Model) -> list[int]:
    return [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]


@pytest.mark.parametrize("hidden_units", [(), (7,), (6, 7, 8)])
def test_its_widths(hidden_units: tuple[int, ...]) -> None:
    model = Mlp(hidden_units=hidden_units)(SPEC)
    assert widths(model) == [*hidden_units, 5]
    assert model.input_shape == (None, 4, 3)
    assert model.output_shape == (None, 5)


def test_the_default_is_the_first_recipe() -> None:
    model = Mlp()(DataSpec((28, 28), LabelSpec("integer", 10)))
    assert widths(model) == [256, 128, 10]
    assert model.count_params() == (784 + 1) * 256 + (256 + 1) * 128 + (128 + 1) * 10


def test_logits_are_linear() -> None:
    model = Mlp(hidden_units=())(SPEC)
    inputs = np.random.default_rng(0).random((6, 4, 3))
    kernel, bias = model.get_weights()
    assert np.allclose(model(inputs), inputs.reshape(6, 12) @ kernel + bias, atol=1e-5)


def test_softmax_puts_out_probabilities() -> None:
    outputs = Mlp(output_activation="softmax")(SPEC)(np.ones((6, 4, 3)))
    assert np.allclose(np.sum(outputs, axis=-1), 1.0, atol=1e-6)


def test_the_activation_is_that_of_the_hidden_layers_alone() -> None:
    model = Mlp(hidden_units=(7,), activation="tanh")(SPEC)
    activations = [
        layer.activation for layer in model.layers if isinstance(layer, keras.layers.Dense)
    ]
    assert activations == [keras.activations.tanh, keras.activations.linear]


def test_dropout_follows_each_hidden_layer() -> None:
    model = Mlp(hidden_units=(7, 8), dropout=0.25)(SPEC)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.25, 0.25]


def test_no_dropout_is_no_layer() -> None:
    layers = Mlp(hidden_units=(7, 8))(SPEC).layers
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in layers)


def test_l2_penalises_the_hidden_kernels() -> None:
    model = Mlp(hidden_units=(7, 8), l2=0.1)(SPEC)
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2][:-1]
    expected = [0.1 * np.sum(kernel**2) for kernel in kernels]
    assert [float(loss) for loss in model.losses] == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("half_precision")
def test_outputs_are_of_full_precision() -> None:
    model = Mlp(hidden_units=(7,))(SPEC)
    assert model.layers[-2].compute_dtype == "float16"
    assert model(np.ones((2, 4, 3))).dtype.name == "float32"


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_units": (0,)},
        {"dropout": 1.0},
        {"l2": -1.0},
        {"output_activation": "relu"},
        {"width": 3},
    ],
)
def test_settings_are_checked_without_a_config(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(settings))):
        Mlp(**settings)
