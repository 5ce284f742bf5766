"""Reads images, decoded as a folder of images is for training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from altitude.data.image_decoding import ImageForm, decoded_images
from altitude.data.image_files import SUFFIXES, find_images
from altitude.errors import ConfigError
from altitude.records.prediction.batch import Batch, InputForm, sizes_in_words, wrong_input


def read_images(path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
    """Yields an image, or those in a folder and the folders in it, by name.

    Args:
        path: The image or the folder.
        form: The form that the model takes.
        batch_size: The number of examples in a batch.

    Yields:
        The examples, and the faults of those that cannot be read.

    Raises:
        ConfigError: If there is no image, or if the model takes none.
    """
    decoded_form = _image_form(path, form)
    files = find_images(path) if path.is_dir() else [str(path)]
    if not files:
        raise ConfigError(
            [wrong_input(path, "no image", f"files that end in {', '.join(SUFFIXES)}")]
        )
    base = path if path.is_dir() else path.parent
    shape = tuple(size or 0 for size in form.shape)
    images = decoded_images(files, decoded_form)
    while chunk := list(islice(images, batch_size)):
        named = [(_name(file, base), image) for file, image in chunk]
        good = {name: image for name, image in named if not isinstance(image, str)}
        x = np.stack([*good.values()]) if good else np.empty((0, *shape), np.uint8)
        faults = [f"{name}: {image}" for name, image in named if isinstance(image, str)]
        yield Batch([*good], x.reshape(len(good), *shape), faults)


def _image_form(path: Path, form: InputForm) -> ImageForm:
    height, width, channels, *more = (*form.shape, 1, 1, 1)
    if (
        len(form.shape) not in (2, 3)
        or channels not in (1, 3)
        or not height
        or not width
        or more[3:]
    ):
        given = f"images, and a model that takes {sizes_in_words(form.shape)}"
        expected = "a model that takes images of one size, with 1 or 3 channels"
        raise ConfigError([wrong_input(path, given, expected)])
    return ImageForm(height, width, channels, form.crop)


def _name(file: str, base: Path) -> str:
    """The name of a file in its folder, with what is no text in it escaped."""
    return os.fsencode(os.path.relpath(file, base)).decode(errors="backslashreplace")
