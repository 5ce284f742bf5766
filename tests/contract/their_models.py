"""Models of the kinds that people write, none of which knows of altitude."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers


class Scale(layers.Layer):
    """Not registered; Keras works its config out from plain arguments."""

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor


class Opaque(layers.Layer):
    """Takes a function, and has no get_config."""

    def __init__(self, function: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


class Forgetful(layers.Layer):
    """Leaves out of its config what it computes with."""

    def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor

    def get_config(self) -> dict[str, Any]:
        return dict(super().get_config())


class Noise(layers.Layer):
    """Random in evaluation, too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        return x + 0.5 * keras.random.normal(keras.ops.shape(x), seed=self.seed)


class Tied(layers.Layer):
    """Multiplies with the transposed kernel of another layer."""

    def __init__(self, other: layers.Dense, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.other = other

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, keras.ops.transpose(self.other.kernel))


def around(*middle: layers.Layer) -> keras.Model:
    """A classifier of digits with layers in its middle."""
    inputs = keras.Input((8, 8))
    x = layers.Dense(8, activation="relu")(layers.Flatten()(inputs))
    for layer in middle:
        x = layer(x)
    return keras.Model(inputs, layers.Dense(10)(x))


def tied() -> keras.Model:
    dense = layers.Dense(8)
    inputs = keras.Input((8, 8))
    flat = layers.Flatten()(inputs)
    back = Tied(dense)(dense(flat))
    return keras.Model(inputs, layers.Dense(10)(back))


class Block(keras.Model):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(units, activation="relu")
        self.steps = self.add_weight(name="steps", initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        self.steps.assign_add(1.0)
        return self.dense(x)


class Nested(keras.Model):
    """A subclass with subclasses in it, one of which counts its calls."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flatten = layers.Flatten()
        self.blocks = [Block(8), Block(8)]
        self.head = layers.Dense(10)

    def call(self, x: Any) -> Any:
        x = self.flatten(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class OfTensorFlow(keras.Model):
    """A `call` with operations of TensorFlow, which Keras cannot take apart."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(10)

    def call(self, x: Any) -> Any:
        return self.dense(tf.math.sqrt(tf.reshape(x, (tf.shape(x)[0], 64))))


class Drifting(keras.Model):
    """Computes with a Python number that changes from one epoch to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.head = layers.Dense(10)
        self.factor = tf.Variable(1.0, trainable=False)

    def call(self, x: Any) -> Any:
        return self.head(self.flatten(x))

    def test_step(self, data: Any) -> Any:
        x, y = data
        self.factor.assign_add(1.0)
        loss = self.compute_loss(y=y, y_pred=self(x) * self.factor)
        return {"loss": loss}


class Vae(keras.Model):
    """Own train_step and metrics; samples in its `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = layers.Dense(8)
        self.decoder = layers.Dense(64)
        self.seed = keras.random.SeedGenerator(1)
        self.total = keras.metrics.Mean("loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.total]

    def call(self, x: Any) -> Any:
        mean, log_variance = keras.ops.split(self.encoder(keras.ops.reshape(x, (-1, 64))), 2, -1)
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seed)
        return self.decoder(mean + keras.ops.exp(log_variance / 2) * noise)

    def measured(self, x: Any) -> Any:
        flat = keras.ops.reshape(x, (-1, 64))
        return keras.ops.mean(keras.ops.square(self(x) - flat))

    def train_step(self, data: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.measured(data[0])
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self.total.update_state(loss)
        return {"loss": self.total.result()}

    def test_step(self, data: Any) -> Any:
        self.total.update_state(self.measured(data[0]))
        return {"loss": self.total.result()}


class OfNamedInputs(keras.Model):
    """Several inputs, given by name."""

    def __init__(self) -> None:
        super().__init__()
        self.join = layers.Concatenate()
        self.head = layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.head(self.join([inputs["left"], inputs["right"]]))


def of_text() -> keras.Model:
    inputs = keras.Input((), dtype="string")
    vectors = layers.TextVectorization(output_sequence_length=3, vocabulary=["good", "bad"])
    x = layers.Flatten()(layers.Embedding(5, 4)(vectors(inputs)))
    return keras.Model(inputs, layers.Dense(2)(x))
