"""Looks at a folder or file of data, and chooses the parts of an experiment that fit it."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from altitude.data.arrays import Array
from altitude.data.dataset import ArrayDataset
from altitude.data.image_files import ImageListing, common_size, list_images
from altitude.data.image_folder import ImageFolder
from altitude.data.npz import KNOWN, Npz
from altitude.data.npz_file import read_arrays
from altitude.errors import ConfigError, Problem

LISTED_CLASSES = 20
"""Number of classes that are listed by name."""

KINDS = "a folder with one folder of images for each class, or an .npz file"
IMAGE_DIMENSIONS = 3
"""Arrays of at least so many dimensions, examples included, are taken for images."""


@dataclass(frozen=True)
class FoundData:
    """The data of a path, and the options of config groups that fit it.

    Attributes:
        summary: What was found, in one line.
        details: More of it, as pairs of a name and a description.
        dataset: The option of the group `dataset` that reads it.
        model: The option of the group `model` that fits it.
        objective: The option of the group `objective` that fits its labels.
    """

    summary: str
    details: tuple[tuple[str, str], ...]
    dataset: str
    model: str
    objective: str


def find_data(path: Path) -> FoundData:
    """Looks at a folder of images, or a file of arrays.

    Args:
        path: The folder or file.

    Returns:
        What is there.

    Raises:
        ConfigError: If there is no such path, or it holds nothing that can be trained on.
    """
    if path.is_dir():
        _require_sound(ImageFolder(path=path))
        return _images(path, list_images(path.absolute()))
    if path.suffix == ".npz" and path.exists():
        _require_sound(Npz(path=path))
        return _arrays(path, read_arrays(path, KNOWN))
    given = f"{path}, a file" if path.exists() else f"{path}, which is not there"
    raise ConfigError([Problem("PATH", given, KINDS)])


def _require_sound(dataset: ArrayDataset) -> None:
    problems = dataset.problems()
    if problems:
        raise ConfigError([replace(problem, key="PATH") for problem in problems])


def _images(path: Path, listing: ImageListing) -> FoundData:
    names = listing.class_names
    total = sum(map(len, listing.splits.values()))
    counts = Counter(file.label for files in listing.splits.values() for file in files)
    details = [(name, f"{counts[label]:,} images") for label, name in enumerate(names)]
    if len(details) > LISTED_CLASSES:
        details = [*details[:LISTED_CLASSES], ("...", f"{len(names) - LISTED_CLASSES} more")]
    size = common_size(listing.splits["train"])
    form = f"{size[0]} by {size[1]} pixels" if size else "of several sizes, or large ones"
    summary = f"{path}: {total:,} images in {len(names):,} classes, {form}"
    splits = [(f"in {split}", f"{len(files):,}") for split, files in listing.splits.items()]
    shown = details if len(splits) == 1 else [*details, *splits]
    return FoundData(summary, tuple(shown), "image_folder", "cnn", "sparse_categorical")


def _arrays(path: Path, arrays: dict[str, Array]) -> FoundData:
    details = [(name, _describe(array)) for name, array in arrays.items()]
    x, y = arrays["x_train"], arrays["y_train"]
    model = "cnn" if x.ndim >= IMAGE_DIMENSIONS and min(x.shape[1:3]) > 1 else "mlp"
    objective, task = _task(y)
    summary = f"{path}: {len(x):,} training examples for {task}"
    return FoundData(summary, tuple(details), "npz", model, objective)


def _describe(array: Array) -> str:
    missing = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
    return f"{array.dtype} {array.shape}" + (f", {missing:,} of them NaN" if missing else "")


def _task(y: Array) -> tuple[str, str]:
    """Returns the objective and the name of the task for labels."""
    if y.ndim == 1 and y.dtype.kind in "iub":
        return "sparse_categorical", f"classification into {int(y.max()) + 1:,} classes"
    if (
        y.ndim == 2
        and y.shape[1] > 1
        and ((y == 0) | (y == 1)).all()
        and (y.sum(axis=1) == 1).all()
    ):
        return "categorical", f"classification into {y.shape[1]:,} classes"
    if y.ndim == 2 and y.shape[1] == 1 and ((y == 0) | (y == 1)).all():
        return "binary", "binary classification"
    return "regression", "regression"
