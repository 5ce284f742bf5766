"""Fully connected networks."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.lazy import keras
from altitude.validation import STRICT, Count, Fraction, NonNegative

OutputActivation = Literal["linear", "softmax", "sigmoid"]
"""`linear` outputs logits, the others probabilities."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Mlp:
    """A multi-layer perceptron: flattened inputs, hidden layers, one output for each class.

    Attributes:
        hidden_units: Widths of the hidden layers; an empty tuple makes a linear model.
        activation: Activation of the hidden layers, by its Keras name.
        dropout: Fraction of units dropped after each hidden layer.
        l2: Factor of the L2 penalty on the kernels of the hidden layers.
        output_activation: Activation of the last layer.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import Mlp
        >>> model = Mlp(hidden_units=(32,))(DataSpec((8, 8), LabelSpec("integer", 10)))
        >>> model.output_shape
        (None, 10)
    """

    hidden_units: tuple[Count, ...] = (256, 128)
    activation: str = "relu"
    dropout: Fraction = 0.0
    l2: NonNegative = 0.0
    output_activation: OutputActivation = "linear"

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model: (batch, *spec.input_shape) to (batch, spec.num_classes), float32."""
        inputs = keras.Input(spec.input_shape)
        x = keras.layers.Flatten()(inputs)
        for number, units in enumerate(self.hidden_units, start=1):
            penalty = keras.regularizers.L2(self.l2) if self.l2 else None
            name = f"hidden_{number}"
            x = keras.layers.Dense(units, self.activation, kernel_regularizer=penalty, name=name)(x)
            if self.dropout:
                x = keras.layers.Dropout(self.dropout)(x)
        # float32 whatever the precision: a softmax in half precision overflows.
        outputs = keras.layers.Dense(
            spec.num_classes, self.output_activation, dtype="float32", name="output"
        )(x)
        return keras.Model(inputs, outputs, name="mlp")
