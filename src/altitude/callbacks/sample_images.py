"""Sample images of a generator during training."""

from pathlib import Path
from typing import Any

import keras
import numpy as np


class SampleImages(keras.callbacks.Callback):
    """Generates images from fixed latent vectors every few epochs and writes them as a PNG file.

    Args:
        folder: Output folder; files in `${output_dir}/artifacts` are also logged to MLflow.
        every: Interval in epochs; there is also a file after the first epoch.
        rows: Number of rows, and of columns, of images in a file.
        generator: Name of the layer, or attribute, of the model that turns latent vectors,
            (batch, length), into images, (batch, height, width, channels), from 0 to 1.

    Example:
        >>> from altitude.callbacks import SampleImages
        >>> callback = SampleImages(folder="outputs/samples", every=10)
    """

    def __init__(
        self, folder: str, every: int = 5, rows: int = 6, generator: str = "generator"
    ) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._every = every
        self._rows = rows
        self._generator = generator

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        if epoch == 0 or (epoch + 1) % self._every == 0:
            self._draw(self._folder / f"epoch_{epoch + 1:03d}.png")

    def _draw(self, path: Path) -> None:
        from matplotlib.image import imsave

        generator = getattr(self.model, self._generator, None)
        if generator is None:
            generator = self.model.get_layer(self._generator)
        size = (self._rows**2, generator.input_shape[-1])
        latent = np.random.default_rng(0).normal(size=size).astype(np.float32)
        picture = _tiled(np.asarray(generator(latent, training=False)), self._rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        imsave(path, picture.squeeze(), cmap="gray", vmin=0.0, vmax=1.0)


def _tiled(images: Any, rows: int) -> Any:
    """Arranges (rows * rows, height, width, channels) in a grid, as one image."""
    _, height, width, channels = images.shape
    grid = images.reshape(rows, rows, height, width, channels).swapaxes(1, 2)
    return np.clip(grid.reshape(rows * height, rows * width, channels), 0.0, 1.0)
