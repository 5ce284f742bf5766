"""What the hand-written recipes share: data, model, and the four callbacks of a tutorial."""

import gzip
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

BATCH_SIZE = 128
VALIDATION_SIZE = 5000
PLACES = (Path("~/.keras/datasets/fashion-mnist"), Path("/usr/share/datasets/fashion-mnist"))


def read(name: str, offset: int) -> npt.NDArray[np.uint8]:
    """Reads a published file, as keras.datasets does."""
    folder = next(place.expanduser() for place in PLACES if place.expanduser().is_dir())
    with gzip.open(folder / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def load_datasets() -> tuple[tf.data.Dataset, tf.data.Dataset, tf.data.Dataset]:
    """Training, validation and test batches, as tutorials make them: float32, a shuffle buffer."""
    x_train = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32") / 255.0
    y_train = read("train-labels-idx1-ubyte.gz", 8)
    x_test = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32") / 255.0
    y_test = read("t10k-labels-idx1-ubyte.gz", 8)
    x_val, y_val = x_train[-VALIDATION_SIZE:], y_train[-VALIDATION_SIZE:]
    x_train, y_train = x_train[:-VALIDATION_SIZE], y_train[:-VALIDATION_SIZE]
    train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(10_000)
    train = train.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)
    return train, batched(x_val, y_val), batched(x_test, y_test)


def batched(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tf.data.Dataset:
    """Batches in order."""
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    return dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)


def layers() -> tuple[Any, Any]:
    """Input and output of the model: 256-128-10 with ReLU, logits."""
    inputs = keras.Input((28, 28))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(256, activation="relu")(x)
    x = keras.layers.Dense(128, activation="relu")(x)
    return inputs, keras.layers.Dense(10)(x)


def compile_arguments(learning_rate: float = 1e-3) -> dict[str, Any]:
    """Loss, optimizer and metric."""
    return {
        "optimizer": keras.optimizers.Adam(learning_rate),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    }


def callbacks(patience: int, folder: Path = Path()) -> list[keras.callbacks.Callback]:
    """The four of a tutorial, which leave their files in a folder."""
    return [
        early_stopping(patience),
        keras.callbacks.ModelCheckpoint(
            str(folder / "best.keras"), "val_accuracy", mode="max", save_best_only=True
        ),
        reduce_learning_rate(),
        tensorboard(folder),
    ]


def early_stopping(patience: int) -> keras.callbacks.Callback:
    """Stops after so many epochs without a lower validation loss."""
    return keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)


def reduce_learning_rate() -> keras.callbacks.Callback:
    """Halves the rate after two epochs without a lower validation loss."""
    return keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=2, min_lr=1e-5)


def tensorboard(folder: Path = Path()) -> keras.callbacks.Callback:
    """Curves and histograms."""
    return keras.callbacks.TensorBoard(str(folder / "logs"), histogram_freq=1)


class Clock(keras.callbacks.Callback):
    """Takes the time of each epoch, validation and callbacks included."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self.seconds.append(time.perf_counter() - self._began)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        report(self.seconds)


def report(seconds: list[float]) -> None:
    """Leaves the times of the epochs where the comparison looks for them."""
    Path("epoch_seconds.json").write_text(json.dumps(seconds))
