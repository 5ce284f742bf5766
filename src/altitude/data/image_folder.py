"""The user's own images, from a folder with one folder for each class."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.arrays import DEFAULT_VALIDATION_DIVISOR, Examples, Splits
from altitude.data.dataset import ArrayDataset
from altitude.data.image_decoding import DecodedImages, ImageForm, decode_images
from altitude.data.image_files import ImageFile, ImageListing, common_size, list_images
from altitude.data.spec import Declared, LabelSpec
from altitude.errors import DataError, Problem
from altitude.validation import STRICT, Count, Flag, Positive

DEFAULT_SIZE = (128, 128)
"""Height and width of images that have no size in common."""

SHOWN = 5
"""Number of files that a message lists."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageFolder(ArrayDataset):
    """JPEG, PNG, BMP and GIF files, in a folder with one folder for each class.

    The folder may hold `train`, `val` and `test`, each with the folders of the classes. What of
    these is missing is split off the images for training, with the same share of each class.

    All images are decoded once, to one size, and kept as pixels in the cache folder. Later runs,
    and the processes of a sweep, map these into memory, so that they may be larger than it.

    Attributes:
        path: The folder.
        image_size: Height and width that images are resized to; None to leave them as they are if
            they are all of one size, up to 256 pixels, and 128 by 128 otherwise.
        channels: 3 for RGB, 1 for greyscale.
        crop: Whether images of another aspect ratio are cropped at the centre, not distorted.
        test_size: Number of images that are held out for testing if there is no folder `test`; None
            for a tenth.
        skip_corrupt: Whether files that cannot be read are left out, with a warning; they are an
            error otherwise.
    """

    path: Path
    divisor: Positive | None = 255.0
    image_size: tuple[Count, Count] | None = None
    channels: Literal[1, 3] = 3
    crop: Flag = False
    test_size: Count | None = None
    skip_corrupt: Flag = False

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._folder.name

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label.

        Raises:
            DataError: If the folder is not there, or not laid out as it should be.
        """
        return self._listing().class_names

    @property
    def declared(self) -> Declared:
        """The number of classes and of images, from the names in the folder."""
        try:
            listing = self._listing()
            splits = self._files(listing)
        except DataError:
            return Declared()  # `problems` reports it
        labels = LabelSpec("integer", len(listing.class_names))
        return Declared(labels, len(splits["train"]), "validation" in splits)

    def problems(self) -> list[Problem]:
        """Returns what the names in the folder show to be wrong. No image is read."""
        try:
            self._files(self._listing())
        except DataError as error:
            return [error.problem or Problem("dataset.path", str(error), "images by class")]
        return []

    def load(self) -> Splits:
        """Returns the pixels, uint8 (images, height, width, channels), and the labels.

        Raises:
            DataError: If an image cannot be read, or none can.
        """
        splits = self._files(self._listing())
        size = self.image_size or common_size(splits["train"]) or DEFAULT_SIZE
        form = ImageForm(*size, self.channels, self.crop)
        decoded = {name: self._decoded(files, form) for name, files in splits.items()}
        self._report_unreadable(list(decoded.values()))
        examples = {name: _examples(images) for name, images in decoded.items()}
        return Splits(examples["train"], examples["test"], examples.get("validation"))

    @property
    def _folder(self) -> Path:
        return self.path.expanduser().absolute()

    def _listing(self) -> ImageListing:
        try:
            return list_images(self._folder)
        except OSError as error:
            given = f"{error.filename}: {error.strerror}"
            raise DataError(Problem("dataset.path", given, "folders that can be read")) from error

    def _files(self, listing: ImageListing) -> dict[str, Sequence[ImageFile]]:
        """Returns the images of each split; the last ones for training are the test, if need be."""
        splits = dict[str, Sequence[ImageFile]](listing.splits)
        if "test" in splits:
            if self.test_size is not None:
                expected = f"null: {self._folder} has a folder `test`"
                raise DataError(Problem("dataset.test_size", str(self.test_size), expected))
            return splits
        train = splits["train"]
        size = self.test_size or max(1, len(train) // DEFAULT_VALIDATION_DIVISOR)
        if size >= len(train):
            given = f"{size:,}, which leaves nothing to train on"
            expected = f"less than {len(train):,}, the number of images"
            raise DataError(Problem("dataset.test_size", given, expected))
        return splits | {"train": train[:-size], "test": train[-size:]}

    def _decoded(self, files: Sequence[ImageFile], form: ImageForm) -> DecodedImages:
        try:
            return decode_images(files, form)
        except OSError as error:
            given = f"{error.filename or self._folder}: {error.strerror or error}"
            expected = "a cache folder with room for the decoded images"
            instead = "ALTITUDE_CACHE=/a/larger/disk"
            raise DataError(Problem("dataset.path", given, expected, instead)) from error

    def _report_unreadable(self, decoded: Sequence[DecodedImages]) -> None:
        unreadable = {name: why for split in decoded for name, why in split.unreadable.items()}
        if not unreadable:
            return
        shown = "; ".join(f"{name} ({why})" for name, why in list(unreadable.items())[:SHOWN])
        more = f"; and {len(unreadable) - SHOWN:,} more" if len(unreadable) > SHOWN else ""
        if not self.skip_corrupt:
            expected = "images that can be read"
            instead = "dataset.skip_corrupt=true, which leaves them out"
            raise DataError(Problem("dataset.path", f"{shown}{more}", expected, instead))
        reports = ", ".join(str(split.report) for split in decoded if split.unreadable)
        total = len(unreadable) + sum(len(split.files) for split in decoded)
        left_out = (
            f"{len(unreadable):,} of {total:,} images are left out, since they are unreadable"
        )
        warnings.warn(f"{left_out}: {shown}{more}. All are listed in {reports}", stacklevel=2)


def _examples(images: DecodedImages) -> Examples:
    return Examples(images.pixels, np.array([file.label for file in images.files], np.int64))
