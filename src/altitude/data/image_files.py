"""Finds the images of a folder, their classes and their splits, without decoding one of them."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from altitude.errors import DataError, Problem, did_you_mean

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
"""Endings of the files that are read, in lower case."""

SPLIT_FOLDERS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""Names of folders that are splits, in lower case."""

LAYOUT = "a folder with one folder of images for each class, or with train/, val/ and test/ of them"
SAMPLED_FILES = 32
LARGEST_SIDE = 256
"""Images that are all of one size are left at it up to this many pixels."""

SHOWN = 5
"""Number of names that a message lists."""


@dataclass(frozen=True)
class ImageFile:
    """One image.

    Attributes:
        path: The file.
        label: The index of its class.
        size: Bytes of the file.
        modified: When it was last changed, in nanoseconds since the epoch of Unix.
    """

    path: str
    label: int
    size: int
    modified: int


@dataclass(frozen=True)
class ImageListing:
    """The images of a folder.

    Attributes:
        class_names: The classes, in alphabetical order. A label is a position in it.
        splits: The images by split: `train`, and `validation` and `test` if there are such folders.
            In each, the classes are spread evenly, so that any slice has its share of each.
    """

    class_names: tuple[str, ...]
    splits: Mapping[str, tuple[ImageFile, ...]]


def list_images(folder: Path) -> ImageListing:
    """Lists the images of a folder with one folder for each class.

    A class is named by its folder; images may lie deeper in it. Files and folders whose names
    begin with a dot are left out, and so are files that are no images by their ending.

    Args:
        folder: The folder; or one with the folders `train`, `val` and `test`, which hold those of
            the classes.

    Returns:
        The images. Listing again reads the folder again only if it has changed.

    Raises:
        DataError: If there is no such folder, it holds no class folders or only one, a class has no
            image, or a class occurs that has no training images.
    """
    if not folder.is_dir():
        raise DataError(Problem("dataset.path", f"{folder}, which is no folder", LAYOUT))
    parts = _split_folders(folder)
    changes = [_modified(sub) for part in parts.values() for sub in (part, *_folders(part))]
    return _listed(folder, tuple(parts.items()), tuple(changes))


def find_images(folder: Path) -> list[str]:
    """Returns the images in a folder and in the folders in it, by name.

    Args:
        folder: The folder. Files and folders whose names begin with a dot are left out.
    """
    return sorted(_walk(folder), key=os.fsencode)


def common_size(files: Sequence[ImageFile]) -> tuple[int, int] | None:
    """Returns the height and width that a sample of images has in common, by their headers.

    Args:
        files: The images.

    Returns:
        The size; None if there are several, or it is larger than 256 pixels.
    """
    sample = files[:: max(1, len(files) // SAMPLED_FILES)]
    sizes = {size for file in sample if (size := _size(file)) is not None}
    if len(sizes) != 1 or max(max(size) for size in sizes) > LARGEST_SIDE:
        return None
    return sizes.pop()


def fingerprint(files: Iterable[ImageFile], *settings: object) -> str:
    """Returns a digest that changes with a file or a setting, 16 hexadecimal digits.

    Args:
        files: The images.
        settings: What else decides how they are decoded.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for file in files:
        digest.update(os.fsencode(file.path))
        digest.update(f"\0{file.label} {file.size} {file.modified}\n".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=4)
def _listed(
    folder: Path, parts: tuple[tuple[str, Path], ...], _changes: tuple[int, ...]
) -> ImageListing:
    paths = {split: {sub.name: find_images(sub) for sub in _folders(part)} for split, part in parts}
    class_names = tuple(sorted(paths["train"]))
    _require_classes(folder, class_names, paths)
    labels = {name: label for label, name in enumerate(class_names)}
    return ImageListing(
        class_names,
        {
            split: _spread(
                [[_file(path, labels[name]) for path in found] for name, found in classes.items()]
            )
            for split, classes in paths.items()
        },
    )


def _split_folders(folder: Path) -> dict[str, Path]:
    """Returns the folders of splits; the folder itself as the one of training if there are none."""
    named = {SPLIT_FOLDERS.get(sub.name.lower()): sub for sub in _folders(folder)}
    if "train" not in named:
        return {"train": folder}
    return {split: named[split] for split in ("train", "validation", "test") if split in named}


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    return [folder / name for name in sorted(names)]


def _modified(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield str(Path(place, name))


def _file(path: str, label: int) -> ImageFile:
    found = Path(path).stat()
    return ImageFile(path, label, found.st_size, found.st_mtime_ns)


def _size(file: ImageFile) -> tuple[int, int] | None:
    try:
        with Image.open(file.path) as image:
            return image.height, image.width
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # reported when all files are decoded


def _spread(classes: Sequence[Sequence[ImageFile]]) -> tuple[ImageFile, ...]:
    """Mixes the classes evenly; within one, the order is that of a hash of the names."""
    places = []
    for files in classes:
        mixed = sorted(files, key=lambda file: hashlib.sha256(_name(file)).digest())
        places += [((i + 0.5) / len(mixed), file.label, file) for i, file in enumerate(mixed)]
    return tuple(file for _, _, file in sorted(places, key=lambda place: place[:2]))


def _name(file: ImageFile) -> bytes:
    return os.fsencode(Path(file.path).name)


def _require_classes(
    folder: Path, class_names: Sequence[str], paths: Mapping[str, Mapping[str, Sequence[str]]]
) -> None:
    if len(class_names) < 2:
        only = f" but {class_names[0]}" if class_names else ""
        given = f"{folder}, in which no folder{only} is a class"
        raise DataError(Problem("dataset.path", given, LAYOUT, _other_folder(folder)))
    for split, classes in paths.items():
        for name, files in classes.items():
            if name not in class_names:
                expected = f"one of the classes for training: {_shown(class_names)}"
                meant = did_you_mean(name, class_names)
                raise DataError(Problem("dataset.path", f"{split}/{name}", expected, meant))
            if not files:
                given = (
                    f"the folder {split}/{name} without an image"
                    if len(paths) > 1
                    else (f"the folder {name} without an image")
                )
                expected = f"files that end in {', '.join(SUFFIXES)}"
                raise DataError(Problem("dataset.path", given, expected, f"delete {name}"))


def _other_folder(folder: Path) -> str:
    """Suggests the folder above where that of a class was given, and else how to lay one out."""
    siblings = [sub for sub in _folders(folder.parent) if sub.name != folder.name]
    if _holds_images(folder) and any(map(_holds_images, siblings)):
        return f"dataset.path={folder.parent}"
    return f"{folder}/cat, {folder}/dog, ..."


def _holds_images(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.lower().endswith(SUFFIXES) for entry in entries)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
