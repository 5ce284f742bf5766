"""Fashion-MNIST: 70,000 greyscale images of clothing, 28 by 28 pixels, in ten classes.

Source: Xiao, Rasul and Vollgraf (2017), https://arxiv.org/abs/1708.07747.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.arrays import Array, Examples, Splits
from altitude.data.cache import cache_directory, load_cached, store_cached
from altitude.data.dataset import ArrayDataset
from altitude.data.idx import read_idx
from altitude.data.spec import Declared, LabelSpec
from altitude.errors import DataError, Problem
from altitude.validation import STRICT, NonNegativeCount, Positive

FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
SHAPES: dict[str, tuple[int, ...]] = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}
# Of the bytes behind the idx header: the same data is published with different compression.
CHECKSUMS = {
    "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
KERAS_CACHE = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "datasets" / "fashion-mnist"
SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FashionMnist(ArrayDataset):
    """Fashion-MNIST, found on this machine or downloaded through Keras.

    Attributes:
        data_dir: A folder with the four published idx files; None to look in the usual places:
            the project's cache, Keras' cache, the system's copy, then the download.

    Example:
        >>> from altitude.data import FashionMnist
        >>> FashionMnist(limit=1000).declared.num_examples  # before the limit; reads no file
        60000
    """

    validation_size: NonNegativeCount | None = 5000
    divisor: Positive | None = 255.0
    data_dir: Path | None = None

    @property
    def name(self) -> str:
        """The short name of the dataset."""
        return "fashion_mnist"

    @property
    def declared(self) -> Declared:
        """Ten classes, 60,000 training images."""
        return Declared(LabelSpec("integer", 10), SHAPES["x_train"][0])

    def problems(self) -> list[Problem]:
        """Returns a problem if the given folder lacks one of the published files."""
        folder = self.data_dir and self.data_dir.expanduser()
        missing = _missing(folder) if folder else []
        if not missing:
            return []
        lacks = f"lacks {', '.join(missing)}" if folder and folder.is_dir() else "is no folder"
        expected = "a folder with the four published files"
        instead = "dataset.data_dir=null, which looks in the usual places"
        return [Problem("dataset.data_dir", f"{folder}, which {lacks}", expected, instead)]

    def load(self) -> Splits:
        """Returns the images, uint8 (examples, 28, 28), and the labels, uint8 (examples,).

        Raises:
            DataError: If no copy is found and the download fails, or if a file is damaged.
        """
        arrays = find_arrays(self.data_dir.expanduser() if self.data_dir else None)
        train = Examples(arrays["x_train"], arrays["y_train"])
        return Splits(train, Examples(arrays["x_test"], arrays["y_test"]))


def find_arrays(data_dir: Path | None = None) -> dict[str, Array]:
    """Returns the four arrays from the first place that has them.

    Args:
        data_dir: The folder with the four published files; None looks in the cache and in the usual
            places, then downloads.

    Returns:
        The images, uint8 of shape (examples, 28, 28), and the labels, uint8 of shape (examples,),
        by name.

    Raises:
        DataError: If `data_dir` is given and lacks a file, if no place has them, or if a file is
            damaged.
    """
    if data_dir is not None:
        return decode(data_dir)
    cache = cache_directory() / "fashion-mnist"
    cached = load_cached(cache, SHAPES)
    if cached is not None:
        return cached
    copy = _local_copy()
    arrays = decode(copy) if copy else _download()
    try:
        store_cached(cache, arrays)
    except OSError:
        return arrays  # without a cache each start takes a second longer
    return load_cached(cache, SHAPES) or arrays


def decode(folder: Path) -> dict[str, Array]:
    """Decodes the four published files of a folder and verifies their checksums.

    Args:
        folder: The folder with the four published files.

    Returns:
        The images, uint8 of shape (examples, 28, 28), and the labels, uint8 of shape (examples,),
        by name.

    Raises:
        DataError: If a file is missing, damaged, truncated, wrongly shaped or another one.
    """
    missing = _missing(folder)
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)}: put the published file there")
    arrays = {name: read_idx(folder / file, SHAPES[name]) for name, file in FILES.items()}
    return _verified(arrays, {name: str(folder / file) for name, file in FILES.items()})


def _missing(folder: Path) -> list[str]:
    return [file for file in FILES.values() if not (folder / file).is_file()]


def _verified(arrays: dict[str, Array], sources: Mapping[str, str]) -> dict[str, Array]:
    for name, array in arrays.items():
        if hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() != CHECKSUMS[name]:
            raise DataError(
                f"{sources[name]} is not the file published as Fashion-MNIST: its checksum "
                "differs. For data of your own use dataset=npz"
            )
    return arrays


def _local_copy() -> Path | None:
    for folder in (KERAS_CACHE.expanduser(), SYSTEM_COPY):
        if all((folder / file).is_file() for file in FILES.values()):
            return folder
    return None


def _download() -> dict[str, Array]:
    from keras.datasets import fashion_mnist

    try:
        (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    except Exception as error:
        raise DataError(_not_found(error)) from error
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return _verified(arrays, {name: f"the download {file}" for name, file in FILES.items()})


def _not_found(error: Exception) -> str:
    return f"""Fashion-MNIST was not found. What was tried:
  1. dataset.data_dir: not given
  2. {cache_directory() / "fashion-mnist"}: not there
  3. {KERAS_CACHE.expanduser()}: not there
  4. {SYSTEM_COPY}: not there
  5. download through Keras: {(str(error) or repr(error)).splitlines()[0]}
Two ways on:
  - put the four files {", ".join(FILES.values())} into a folder and give it as dataset.data_dir=...
    (on Debian and Ubuntu: apt-get install dataset-fashion-mnist)
  - use data that needs no network: dataset=digits"""
