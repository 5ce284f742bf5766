"""A model with a layer that the loss does not reach."""

from typing import Any

from altitude.data import DataSpec


def model_with_unused_layer(spec: DataSpec) -> Any:
    import keras

    inputs = keras.Input(spec.input_shape)
    x = keras.layers.Flatten()(inputs)
    stopped = keras.ops.stop_gradient(keras.layers.Dense(4, name="unused")(x))
    outputs = keras.layers.Dense(spec.num_classes)(keras.layers.Concatenate()([x, stopped]))
    return keras.Model(inputs, outputs)
