"""Small convolutional networks."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.models.mlp import OutputActivation
from altitude.validation import STRICT, Count, Fraction


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Cnn:
    """Convolutions with pooling, then one hidden layer and one output for each class.

    Attributes:
        filters: Filters of each 3 by 3 convolution; each one halves height and width.
        hidden_units: Width of the hidden layer.
        activation: Activation of all but the last layer, by its Keras name.
        dropout: Fraction of units dropped before the last layer.
        output_activation: Activation of the last layer.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import Cnn
        >>> model = Cnn(filters=(8,))(DataSpec((28, 28), LabelSpec("integer", 10)))
        >>> model.output_shape
        (None, 10)
    """

    filters: tuple[Count, ...] = (16, 32)
    hidden_units: Count = 64
    activation: str = "relu"
    dropout: Fraction = 0.0
    output_activation: OutputActivation = "linear"

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model: (batch, height, width[, channels]) to (batch, spec.num_classes).

        Returns:
            The model, not compiled.

        Raises:
            ConfigError: If the inputs are not images.
        """
        if len(spec.input_shape) not in (2, 3):
            expected = f"a model for inputs of shape {spec.input_shape}: Cnn needs images"
            raise ConfigError([Problem("model", "Cnn", expected, "model=mlp")])
        inputs = keras.Input(spec.input_shape)
        x = inputs
        if len(spec.input_shape) == 2:
            x = keras.layers.Reshape((*spec.input_shape, 1))(x)
        for filters in self.filters:
            x = keras.layers.Conv2D(filters, 3, padding="same", activation=self.activation)(x)
            x = keras.layers.MaxPooling2D()(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(self.hidden_units, self.activation)(x)
        if self.dropout:
            x = keras.layers.Dropout(self.dropout)(x)
        outputs = keras.layers.Dense(spec.num_classes, self.output_activation, dtype="float32")(x)
        return keras.Model(inputs, outputs, name="cnn")
