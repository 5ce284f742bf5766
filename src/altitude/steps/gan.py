"""A generative adversarial network.

Source: Goodfellow and others (2014), https://arxiv.org/abs/1406.2661; the step is that of the Keras
guide "Customizing what happens in fit()".
"""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from altitude.lazy import keras, tf
from altitude.models.layers import require_layers
from altitude.steps.batch import Batch, Logs
from altitude.steps.step import Step
from altitude.validation import STRICT, NonNegative

NAMES = ("d_loss", "g_loss")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Gan(Step):
    """Trains a discriminator and a generator against each other.

    The model has layers named `generator`, from a latent vector to an image, and `discriminator`,
    from an image to the logit of "generated". Each has an optimizer of its own: see
    `altitude.optimizers.Grouped`.

    Attributes:
        label_noise: Upper bound of the uniform noise that is added to the discriminator's labels.

    Example:
        >>> from altitude.steps import Gan
        >>> Gan(label_noise=0.1).evaluated_metrics
        ('d_loss', 'g_loss')
    """

    owns_objective = True

    label_noise: NonNegative = 0.05

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """`d_loss` and `g_loss`."""
        return NAMES

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """`d_loss` and `g_loss`."""
        return NAMES

    def build(self, model: keras.Model) -> None:
        """Adds the metrics and the random state of the latent vectors.

        Raises:
            ConfigError: If the model has no generator or no discriminator.
        """
        require_layers(model, ("generator", "discriminator"), "model")
        model.randomness = keras.random.SeedGenerator()
        model.d_loss = keras.metrics.Mean("d_loss")
        model.g_loss = keras.metrics.Mean("g_loss")

    def train(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the discriminator, then the generator, and returns the metrics so far."""
        generator, discriminator = _networks(model)
        real = _images(model, batch)
        with tf.GradientTape() as tape:
            d_loss = self._d_loss(model, real, generator(_latent(model, real, model.randomness)))
        _descend(model, tape, d_loss, discriminator.trainable_variables)
        latent = _latent(model, real, model.randomness)
        with tf.GradientTape() as tape:
            fooled = discriminator(generator(latent, training=True), training=True)
            g_loss = keras.losses.BinaryCrossentropy(from_logits=True)(
                tf.zeros_like(fooled), fooled
            )
        _descend(model, tape, g_loss, generator.trainable_variables)
        return _measure(model, real, d_loss, g_loss)

    def evaluate(self, model: keras.Model, batch: Batch) -> Logs:
        """Updates the metrics from one batch, with the same latent vectors every time."""
        generator, discriminator = _networks(model)
        real = _images(model, batch)
        generated = generator(_latent(model, real, 0), training=False)
        cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        logits = [discriminator(images, training=False) for images in (generated, real)]
        truth = tf.concat([tf.ones_like(logits[0]), tf.zeros_like(logits[1])], axis=0)
        d_loss = cross_entropy(truth, tf.concat(logits, axis=0))
        g_loss = cross_entropy(tf.zeros_like(logits[0]), logits[0])
        return _measure(model, real, d_loss, g_loss)

    def saved_model(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.get_layer("generator")

    def _d_loss(self, model: keras.Model, real: Any, generated: Any) -> Any:
        """The discriminator's loss; the label is 1 for generated images and 0 for real ones."""
        images = tf.concat([tf.stop_gradient(generated), real], axis=0)
        logits = model.get_layer("discriminator")(images, training=True)
        count = tf.shape(real)[0]
        truth = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        noise = keras.random.uniform(tf.shape(truth), seed=model.randomness)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        return loss(truth + self.label_noise * noise, logits)


def _networks(model: keras.Model) -> tuple[Any, Any]:
    return model.get_layer("generator"), model.get_layer("discriminator")


def _images(model: keras.Model, batch: Batch) -> Any:
    """Reshapes the images of a batch to the discriminator's input shape."""
    return tf.reshape(batch[0], (-1, *model.get_layer("discriminator").input_shape[1:]))


def _latent(model: keras.Model, images: Any, seed: Any) -> Any:
    return keras.random.normal((tf.shape(images)[0], model.input_shape[-1]), seed=seed)


def _descend(model: keras.Model, tape: Any, loss: Any, variables: list[Any]) -> None:
    scale = model.optimizer.scale_loss(tf.ones_like(loss))
    model.optimizer.apply(tape.gradient(loss, variables, scale), variables)


def _measure(model: keras.Model, images: Any, d_loss: Any, g_loss: Any) -> Logs:
    count = tf.shape(images)[0]
    model.d_loss.update_state(d_loss, sample_weight=count)
    model.g_loss.update_state(g_loss, sample_weight=count)
    return {"d_loss": model.d_loss.result(), "g_loss": model.g_loss.result()}
