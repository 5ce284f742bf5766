"""What to predict for: a file or a folder, read by its ending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from altitude.data.image_files import SUFFIXES
from altitude.errors import ConfigError, Problem
from altitude.records.prediction.arrays import read_npy, read_npz
from altitude.records.prediction.batch import Reader
from altitude.records.prediction.csv_rows import read_csv
from altitude.records.prediction.images import read_images
from altitude.records.prediction.parquet_rows import read_parquet


@dataclass(frozen=True)
class Source:
    """How a kind of input is read.

    Attributes:
        read: Reads it in batches.
        names: The column with the names of its examples: `row` or `file`.
    """

    read: Reader
    names: str = "row"


IMAGES = Source(read_images, "file")
SOURCES: Mapping[str, Source] = {
    ".npy": Source(read_npy),
    ".npz": Source(read_npz),
    ".csv": Source(read_csv),
    ".parquet": Source(read_parquet),
    **dict.fromkeys(SUFFIXES, IMAGES),
}
"""The sources by the ending of the file, in lower case."""


def source_of(path: Path) -> Source:
    """Returns how a file or a folder of images is read.

    Args:
        path: The file or folder.

    Raises:
        ConfigError: If it is not there, or if it has another ending.
    """
    if path.is_dir():
        return IMAGES
    expected = f"a folder of images, or a file that ends in {', '.join(SOURCES)}"
    if not path.is_file():
        raise ConfigError([Problem("INPUT", f"{path}, which is not there", expected)])
    if path.suffix.lower() not in SOURCES:
        raise ConfigError([Problem("INPUT", str(path), expected)])
    return SOURCES[path.suffix.lower()]
