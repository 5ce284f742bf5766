"""A backbone and a head, for fine-tuning."""

from __future__ import annotations

from pathlib import Path

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.validation import STRICT, Count


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BackboneHead:
    """Fully connected layers named `backbone`, which extract features, and a linear `head`.

    Attributes:
        hidden_units: Widths of the backbone's layers.
        activation: Activation of the backbone's layers, by its Keras name.
        weights: A `.keras` file of an earlier run, from whose layer `backbone` the weights are
            loaded; None initialises them at random.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import BackboneHead
        >>> model = BackboneHead(hidden_units=(16,))(DataSpec((8, 8), LabelSpec("integer", 10)))
        >>> [layer.name for layer in model.layers[1:]]
        ['backbone', 'head']
    """

    hidden_units: tuple[Count, ...] = (256, 128)
    activation: str = "relu"
    weights: Path | None = None

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model: (batch, *spec.input_shape) to logits, (batch, spec.num_classes).

        Returns:
            The model, not compiled.

        Raises:
            ConfigError: If the file has no backbone of this shape.
        """
        hidden = [keras.layers.Dense(units, self.activation) for units in self.hidden_units]
        backbone = keras.Sequential([keras.layers.Flatten(), *hidden], name="backbone")
        inputs = keras.Input(spec.input_shape)
        features = backbone(inputs)
        outputs = keras.layers.Dense(spec.num_classes, dtype="float32", name="head")(features)
        if self.weights is not None:
            self._load_backbone(backbone, self.weights)
        return keras.Model(inputs, outputs, name="backbone_head")

    def _load_backbone(self, backbone: keras.Sequential, path: Path) -> None:
        try:
            trained = keras.models.load_model(path, compile=False).get_layer("backbone")
            backbone.set_weights(trained.get_weights())
        except (OSError, ValueError) as error:
            expected = f"a .keras file with a layer `backbone` like this one ({error})"
            raise ConfigError([Problem("model.weights", str(path), expected)]) from error
