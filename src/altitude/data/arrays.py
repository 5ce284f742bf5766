"""Arrays in memory, or mapped into it, and how they are split."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from altitude.data.spec import LabelSpec
from altitude.errors import DataError

Array = npt.NDArray[Any]
NUMBERS = "biuf"
"""NumPy's kinds of booleans, integers and floats."""


@dataclass(frozen=True)
class Examples:
    """Examples of one split.

    Attributes:
        x: Inputs, (examples, ...).
        y: Labels, (examples,) or (examples, values).
        sample_weight: What each example weighs in the loss, (examples,), or None.
    """

    x: Array
    y: Array
    sample_weight: Array | None = None

    def __post_init__(self) -> None:
        """Checks that these are numbers, and as many labels and weights as inputs.

        Raises:
            DataError: If they are not.
        """
        for name, array in self.named().items():
            if array.ndim == 0 or array.dtype.kind not in NUMBERS:
                found = f"{array.dtype} of shape {array.shape}"
                raise DataError(
                    f"arrays of numbers, one entry an example, are needed; {name} is {found}"
                )
        counts = {name: len(array) for name, array in self.named().items()}
        if len(set(counts.values())) != 1:
            found = ", ".join(f"{count} in {name}" for name, count in counts.items())
            raise DataError(f"as many labels and weights as inputs are needed; found {found}")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> "Examples":
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return Examples(self.x[rows], self.y[rows], weight)

    def named(self) -> dict[str, Array]:
        """The arrays that are there, by name."""
        arrays = {"x": self.x, "y": self.y}
        return (
            arrays if self.sample_weight is None else arrays | {"sample_weight": self.sample_weight}
        )


@dataclass(frozen=True)
class Splits:
    """The examples for training, validation and testing.

    Attributes:
        train: What the weights are fitted to.
        validation: What callbacks look at; None if it is still to be split off `train`.
        test: What is looked at once, at the end.
    """

    train: Examples
    test: Examples
    validation: Examples | None = None

    def __post_init__(self) -> None:
        """Checks that no split is empty, and that all have examples of the same shape.

        Raises:
            DataError: If one is, or they have not.
        """
        for name, split in (("test", self.test), ("validation", self.validation)):
            if split is None:
                continue
            if len(split) == 0 or len(self.train) == 0:
                raise DataError(f"{len(self.train)} training and {len(split)} {name} examples")
            for part in ("x", "y"):
                expected, found = (s.named()[part].shape[1:] for s in (self.train, split))
                if expected != found:
                    told = f"of shape {found}, for training of shape {expected}"
                    raise DataError(f"{part} of an example for {name} is {told}")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all arrays with their shapes and dtypes, the first 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation, self.test):
            for name, array in {} if split is None else split.named().items():
                digest.update(f"{name}{array.shape}{array.dtype}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]


def split_validation(splits: Splits, validation_size: int) -> Splits:
    """Splits the last training examples off for validation, where there is no such split yet.

    Raises:
        DataError: If that leaves nothing to train on.
    """
    if splits.validation is not None or validation_size == 0:
        return splits
    if validation_size >= len(splits.train):
        raise DataError(
            f"dataset.validation_size={validation_size} leaves nothing to train on: "
            f"there are {len(splits.train)} training examples"
        )
    train, validation = splits.train[:-validation_size], splits.train[-validation_size:]
    return Splits(train, splits.test, validation)


def describe_labels(splits: Splits) -> LabelSpec:
    """Tells from the labels of all splits how they are written and how many classes there are.

    Raises:
        DataError: If they have more than two dimensions, or are negative class indices.
    """
    labels = [s.y for s in (splits.train, splits.validation, splits.test) if s is not None]
    first = labels[0]
    if first.ndim > 2:
        raise DataError(
            f"labels of shape (examples,) or (examples, values) are needed: {first.shape}"
        )
    if first.ndim == 2:
        return LabelSpec("column" if first.shape[1] == 1 else "one_hot", first.shape[1])
    if first.dtype.kind not in "iub":
        return LabelSpec("scalar", 1)
    if min(int(array.min()) for array in labels) < 0:
        raise DataError("class indices count from 0; the labels hold a negative one")
    return LabelSpec("integer", max(int(array.max()) for array in labels) + 1)
