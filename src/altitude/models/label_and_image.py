"""A network with two heads."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.lazy import keras
from altitude.validation import STRICT, Count


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LabelAndImage:
    """Classifies an input and reconstructs it, from one latent code.

    Attributes:
        hidden_units: Width of the layer before the code, and of the one after it.
        code_units: Width of the code that both heads read.
        activation: Activation of the hidden layers, by its Keras name.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import LabelAndImage
        >>> spec = DataSpec(input_shape=(28, 28), labels=LabelSpec("integer", 10))
        >>> model = LabelAndImage(code_units=32)(spec)
        >>> model.output_shape
        [(None, 10), (None, 28, 28)]
    """

    hidden_units: Count = 256
    code_units: Count = 64
    activation: str = "relu"

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model: (batch, *spec.input_shape) to logits and inputs, float32.

        The outputs are (batch, spec.num_classes), and (batch, *spec.input_shape) from 0 to 1.

        Returns:
            The model, not compiled.
        """
        inputs = keras.Input(spec.input_shape)
        x = keras.layers.Dense(self.hidden_units, self.activation)(keras.layers.Flatten()(inputs))
        code = keras.layers.Dense(self.code_units, self.activation, name="code")(x)
        logits = keras.layers.Dense(spec.num_classes, dtype="float32", name="label")(code)
        x = keras.layers.Dense(self.hidden_units, self.activation)(code)
        size = keras.ops.prod(spec.input_shape)
        x = keras.layers.Dense(int(size), "sigmoid", dtype="float32")(x)
        image = keras.layers.Reshape(spec.input_shape, dtype="float32", name="image")(x)
        return keras.Model(inputs, [logits, image], name="label_and_image")
