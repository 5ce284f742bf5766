"""Decodes images to one size, once, into arrays on disk that later runs map into memory."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from filelock import FileLock

from altitude.data.arrays import Array
from altitude.data.cache import array_file, cache_directory, load_cached, replacement
from altitude.data.image_files import ImageFile, fingerprint
from altitude.lazy import tf

UNREADABLE = "unreadable.json"
PIXELS = "x"

PLACE = re.compile(r"^({{.*?}} )?(Error in user-defined function .*? iterator: \S+: )?")
"""How TensorFlow begins its messages: where in its graph an error was raised."""


@dataclass(frozen=True)
class ImageForm:
    """The form that images are decoded to.

    Attributes:
        height: Height in pixels.
        width: Width in pixels.
        channels: 1 for greyscale, 3 for RGB.
        crop: Whether images of another aspect ratio are cropped at the centre, not distorted.
    """

    height: int
    width: int
    channels: int
    crop: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of an image."""
        return self.height, self.width, self.channels


@dataclass(frozen=True)
class DecodedImages:
    """The images of one split that could be read.

    Attributes:
        files: The files, in order.
        pixels: Their pixels, uint8 (files, height, width, channels).
        unreadable: The reason for each file that could not be read.
        report: The file that lists these.
    """

    files: Sequence[ImageFile]
    pixels: Array
    unreadable: dict[str, str]
    report: Path


def decode_images(files: Sequence[ImageFile], form: ImageForm) -> DecodedImages:
    """Decodes images, in parallel, or maps what was decoded before into memory.

    The pixels are kept in the cache folder, under a digest of the files' names, sizes and times of
    change and of the form.

    Args:
        files: JPEG, PNG, BMP or GIF files; of an animation, the first frame is read.
        form: The form that all are decoded to.

    Returns:
        The images that could be read, and why others could not.

    Raises:
        OSError: If the cache cannot be written.
    """
    folder = cache_directory() / "images" / fingerprint(files, *astuple(form))
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):  # the other processes of a sweep wait, then map what is there
        unreadable = _read_report(folder / UNREADABLE)
        if unreadable is None or (pixels := _pixels(folder, files, unreadable, form)) is None:
            unreadable = _decode_into(folder, files, form)
            pixels = _pixels(folder, files, unreadable, form)
    if pixels is None:
        raise OSError(f"{folder} was deleted while it was read")
    readable = [file for file in files if file.path not in unreadable]
    return DecodedImages(readable, pixels, unreadable, folder / UNREADABLE)


def decode_image(path: tf.Tensor, form: ImageForm) -> tf.Tensor:
    """Reads and decodes one image.

    Args:
        path: The file, a string scalar.
        form: The form to decode it to.

    Returns:
        The pixels, uint8 (height, width, channels).

    Raises:
        tf.errors.OpError: If the file cannot be read, or is no image.
    """
    image = tf.io.decode_image(tf.io.read_file(path), form.channels, expand_animations=False)
    if form.crop:
        height, width = tf.shape(image)[0], tf.shape(image)[1]
        cropped_height = tf.minimum(height, tf.maximum(1, width * form.height // form.width))
        cropped_width = tf.minimum(width, tf.maximum(1, height * form.width // form.height))
        image = tf.image.resize_with_crop_or_pad(image, cropped_height, cropped_width)
    resized = tf.image.resize(image, (form.height, form.width), antialias=True)
    return tf.ensure_shape(tf.saturate_cast(tf.round(resized), tf.uint8), form.shape)


def decoded_images(paths: Sequence[str], form: ImageForm) -> Iterator[tuple[str, Array | str]]:
    """Decodes images in parallel, a few ahead of what is asked for.

    Args:
        paths: JPEG, PNG, BMP or GIF files; of an animation, the first frame is read.
        form: The form that all are decoded to.

    Yields:
        Each file and its pixels, uint8 (height, width, channels), or why it cannot be read.
    """
    names = tf.constant([os.fsencode(path) for path in paths], tf.string)
    images = iter(
        tf.data.Dataset.from_tensor_slices(names)
        .map(lambda name: decode_image(name, form), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )
    for path in paths:
        try:
            yield path, next(images).numpy()
        except tf.errors.OpError as error:  # the iterator goes on behind it
            yield path, PLACE.sub("", error.message.partition("\n")[0]).partition(" [Op:")[0]


def _decode_into(folder: Path, files: Sequence[ImageFile], form: ImageForm) -> dict[str, str]:
    """Writes the pixels of one split, and why files could not be read, which it returns."""
    unreadable: dict[str, str] = {}
    while True:  # an array file begins with its length: it is written again without such files
        readable = [file for file in files if file.path not in unreadable]
        found = dict(_write_pixels(folder, readable, form))
        if not found:
            break
        unreadable |= found
    with replacement(folder / UNREADABLE) as report:
        report.write(json.dumps(unreadable, indent=1).encode())
    return unreadable


def _write_pixels(
    folder: Path, files: Sequence[ImageFile], form: ImageForm
) -> Iterator[tuple[str, str]]:
    """Writes the pixels of images; yields each file that cannot be read, and why."""
    with array_file(folder / f"{PIXELS}.npy", (len(files), *form.shape)) as output:
        for path, image in decoded_images([file.path for file in files], form):
            if isinstance(image, str):
                yield path, image
            else:
                output.write(image.data)


def _pixels(
    folder: Path, files: Sequence[ImageFile], unreadable: dict[str, str], form: ImageForm
) -> Array | None:
    rows = sum(file.path not in unreadable for file in files)
    found = load_cached(folder, {PIXELS: (rows, *form.shape)})
    return None if found is None else found[PIXELS]


def _read_report(path: Path) -> dict[str, str] | None:
    try:
        return {str(name): str(why) for name, why in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return None  # missing or damaged: the images are decoded again
