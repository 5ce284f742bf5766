"""A model with layers that augment its images, each with a random state of its own."""

import keras

from altitude.data import DataSpec


def augmented(spec: DataSpec, units: int = 64) -> keras.Model:
    """Returns a classifier that rotates and shifts the images while it trains.

    Args:
        spec: What the data are like.
        units: The width of its hidden layer.
    """
    inputs = keras.Input(spec.input_shape)
    images = keras.layers.Reshape((*spec.input_shape[:2], -1))(inputs)
    images = keras.layers.RandomRotation(0.05)(images)
    images = keras.layers.RandomTranslation(0.1, 0.1)(images)
    hidden = keras.layers.Dense(units, "relu")(keras.layers.Flatten()(images))
    return keras.Model(inputs, keras.layers.Dense(spec.num_classes)(hidden))
