"""Folders of images for tests, made from the digits that ship with scikit-learn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from altitude.data.arrays import Array


def encode(pixels: Array, suffix: str = ".png") -> bytes:
    """Encodes pixels, uint8 (height, width, channels), as PNG or JPEG."""
    image = tf.constant(pixels)
    encoded = tf.io.encode_png(image) if suffix == ".png" else tf.io.encode_jpeg(image)
    content: bytes = encoded.numpy()
    return content


def write_digits(folder: Path, classes: Sequence[str], each: int, suffix: str = ".png") -> Path:
    """Writes images of 8 by 8 pixels, named by their number, into a folder for each class."""
    digits = load_digits()
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(digits.images[digits.target == label][:each]):
            pixels = (image * 15).astype(np.uint8)[..., None]
            (folder / name / f"{number}{suffix}").write_bytes(encode(pixels, suffix))
    return folder
