from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from altitude.data import DataSpec, LabelSpec
from altitude.models import Cnn

LABELS = LabelSpec("integer", 5)


@pytest.mark.parametrize("input_shape", [(28, 28), (28, 28, 1), (16, 12, 3)])
def test_images_with_and_without_channels(input_shape: tuple[int, ...]) -> None:
    model = Cnn(filters=(2,), hidden_units=4)(DataSpec(input_shape, LABELS))
    assert model.input_shape == (None, *input_shape)
    assert model(np.ones((3, *input_shape))).shape == (3, 5)


def test_each_convolution_halves_the_image() -> None:
    model = Cnn(filters=(2, 3, 4))(DataSpec((28, 28), LABELS))
    pooled = [
        layer.output.shape[1:]
        for layer in model.layers
        if isinstance(layer, keras.layers.MaxPooling2D)
    ]
    assert pooled == [(14, 14, 2), (7, 7, 3), (3, 3, 4)]


def test_it_is_small() -> None:
    assert Cnn()(DataSpec((28, 28), LabelSpec("integer", 10))).count_params() < 150_000


def test_dropout_comes_before_the_last_layer() -> None:
    model = Cnn(dropout=0.25)(DataSpec((8, 8), LABELS))
    assert isinstance(model.layers[-2], keras.layers.Dropout)
    assert model.layers[-2].rate == 0.25


def test_softmax_puts_out_probabilities() -> None:
    outputs = Cnn(output_activation="softmax")(DataSpec((8, 8), LABELS))(np.ones((6, 8, 8)))
    assert np.allclose(np.sum(outputs, axis=-1), 1.0, atol=1e-6)


@pytest.mark.parametrize("input_shape", [(4,), (2, 3, 4, 5)])
def test_what_is_no_image_is_refused(input_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Cnn needs images"):
        Cnn()(DataSpec(input_shape, LABELS))


@pytest.mark.parametrize("settings", [{"filters": (0,)}, {"hidden_units": 0}, {"kernel": 3}])
def test_settings_are_checked_without_a_config(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(settings))):
        Cnn(**settings)
