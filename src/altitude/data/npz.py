"""Arrays of the user's own, from an `.npz` file."""

import dataclasses
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.arrays import Array, Examples, Splits
from altitude.data.dataset import ArrayDataset
from altitude.errors import DataError
from altitude.validation import STRICT

REQUIRED = ("x_train", "y_train", "x_test", "y_test")
DAMAGES = (
    AttributeError,
    EOFError,
    NotImplementedError,
    OSError,
    TokenError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy raises for files that are damaged, or no `.npz` files at all."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Npz(ArrayDataset):
    """Arrays from a file that `numpy.savez` wrote.

    The file holds `x_train`, `y_train`, `x_test` and `y_test`; optionally `x_val` and `y_val`, and
    `sample_weight_train`, `sample_weight_val` and `sample_weight_test`. If it holds no validation
    arrays, `validation_size` examples are split off the training ones.

    Attributes:
        path: The file.
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def load(self) -> Splits:
        """Returns the file's arrays.

        Raises:
            DataError: If the file is missing or damaged, or lacks an array.
        """
        arrays = _read(self.path.expanduser())
        missing = [name for name in REQUIRED if name not in arrays]
        if missing:
            raise DataError(f"{self.path} lacks {', '.join(missing)}; it holds {', '.join(arrays)}")
        has_validation = {"x_val", "y_val"} <= set(arrays)
        return Splits(
            _examples(arrays, "train"),
            _examples(arrays, "test"),
            _examples(arrays, "val") if has_validation else None,
        )


def _examples(arrays: Mapping[str, Array], split: str) -> Examples:
    parts = ("x", "y", "sample_weight")
    found = {part: arrays[f"{part}_{split}"] for part in parts if f"{part}_{split}" in arrays}
    try:
        return Examples(**found)
    except DataError as error:
        if error.problem is None:
            raise
        problem = dataclasses.replace(error.problem, key=f"{error.problem.key}_{split}")
        raise DataError(problem) from error


def _read(path: Path) -> dict[str, Array]:
    if not path.is_file():
        raise DataError(f"dataset.path={path}: there is no such file")
    try:
        # Opened here, because NumPy does not close a file that it cannot read.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return dict(arrays)
    except DAMAGES as error:
        raise DataError(f"{path} is damaged or no .npz file: {error}") from error
