"""A generator and a discriminator, for small images.

Source: the architecture of the Keras guide "Customizing what happens in fit()".
"""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.validation import STRICT, Count

HALVINGS = 4
"""Factor by which both networks change height and width: two steps of two."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Gan:
    """A generator, from latent vector to image, and a discriminator, from image to logit.

    Attributes:
        latent_dim: Length of the latent vector.
        filters: Filters of the widest convolutions; the guide's network has 128.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import Gan
        >>> spec = DataSpec(input_shape=(28, 28), labels=LabelSpec("integer", 10))
        >>> model = Gan(latent_dim=16, filters=8)(spec)
        >>> model.get_layer("generator").output_shape
        (None, 28, 28, 1)
    """

    latent_dim: Count = 128
    filters: Count = 128

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model: (batch, latent_dim) to (batch, 1).

        Returns:
            The model, not compiled.

        Raises:
            ConfigError: If the inputs are not images whose height and width divide by four.
        """
        shape = spec.input_shape if len(spec.input_shape) == 3 else (*spec.input_shape, 1)
        if len(shape) != 3 or shape[0] % HALVINGS or shape[1] % HALVINGS:
            expected = (
                f"a model for inputs of shape {spec.input_shape}: Gan needs images, sides / 4"
            )
            raise ConfigError([Problem("model", "Gan", expected)])
        latent = keras.Input((self.latent_dim,))
        image = self._generator(shape)(latent)
        return keras.Model(latent, self._discriminator(shape)(image), name="gan")

    def _generator(self, shape: tuple[int, ...]) -> keras.Sequential:
        small = (shape[0] // HALVINGS, shape[1] // HALVINGS, self.filters)
        doubled = {"strides": 2, "padding": "same"}
        return keras.Sequential(
            [
                keras.Input((self.latent_dim,)),
                keras.layers.Dense(small[0] * small[1] * small[2]),
                keras.layers.LeakyReLU(0.2),
                keras.layers.Reshape(small),
                keras.layers.Conv2DTranspose(self.filters, 4, **doubled),
                keras.layers.LeakyReLU(0.2),
                keras.layers.Conv2DTranspose(self.filters, 4, **doubled),
                keras.layers.LeakyReLU(0.2),
                keras.layers.Conv2D(
                    shape[2], 7, padding="same", activation="sigmoid", dtype="float32"
                ),
            ],
            name="generator",
        )

    def _discriminator(self, shape: tuple[int, ...]) -> keras.Sequential:
        halved = {"strides": 2, "padding": "same"}
        return keras.Sequential(
            [
                keras.Input(shape),
                keras.layers.Conv2D(max(self.filters // 2, 1), 3, **halved),
                keras.layers.LeakyReLU(0.2),
                keras.layers.Conv2D(self.filters, 3, **halved),
                keras.layers.LeakyReLU(0.2),
                keras.layers.GlobalMaxPooling2D(),
                keras.layers.Dense(1, dtype="float32"),
            ],
            name="discriminator",
        )
