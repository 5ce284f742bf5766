"""Arrays in memory, or mapped into it, and how they are split."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from altitude.data.spec import LabelSpec
from altitude.errors import DataError, Problem

Array = npt.NDArray[Any]
NUMERIC_KINDS = "biuf"
"""NumPy's kinds of booleans, integers and floats."""

DEFAULT_VALIDATION_DIVISOR = 10
"""One in this many training examples is for validation by default."""


@dataclass(frozen=True)
class Examples:
    """Examples of one split.

    Attributes:
        x: Inputs, (examples, ...).
        y: Labels, (examples,) or (examples, values).
        sample_weight: The weight of each example in the loss, (examples,), or None.

    Example:
        >>> import numpy as np
        >>> from altitude.data import Examples
        >>> examples = Examples(x=np.zeros((6, 28, 28), np.uint8), y=np.array([0, 1, 2, 0, 1, 2]))
        >>> len(examples), len(examples[:4])
        (6, 4)
    """

    x: Array
    y: Array
    sample_weight: Array | None = None

    def __post_init__(self) -> None:
        """Checks that the arrays are numeric and of the same length.

        Raises:
            DataError: If they are not.
        """
        for name, array in self.named().items():
            require_array(name, array)
            require_numbers(name, array.shape, array.dtype)
        for name, array in self.named().items():
            if len(array) != len(self.x):
                expected = f"{len(self.x):,}, as many as there are inputs in x"
                raise DataError(Problem(name, f"{len(array):,} entries", expected))
        weight = self.sample_weight
        if weight is not None and weight.ndim != 1:
            expected = f"one weight an example: shape ({len(self.x)},)"
            raise DataError(Problem("sample_weight", f"shape {weight.shape}", expected))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> "Examples":
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return Examples(self.x[rows], self.y[rows], weight)

    def named(self) -> dict[str, Array]:
        """Returns the arrays that are not None, by name."""
        arrays = {"x": self.x, "y": self.y}
        return (
            arrays if self.sample_weight is None else arrays | {"sample_weight": self.sample_weight}
        )


def require_array(name: str, array: object) -> None:
    """Checks that a value is a NumPy array.

    Args:
        name: Name of the value in the error.
        array: The value.

    Raises:
        DataError: If it is not.
    """
    if not isinstance(array, np.ndarray):
        given = f"{type(array).__module__}.{type(array).__qualname__}"
        raise DataError(Problem(name, given, "a NumPy array", f"np.asarray({name})"))


def require_numbers(name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Checks that an array is numeric and that no example is empty.

    Args:
        name: The name of the array, for the message.
        shape: Its shape, examples first.
        dtype: Its NumPy dtype.

    Raises:
        DataError: If it does not.
    """
    given = f"{dtype} of shape {shape}"
    if dtype.kind not in NUMERIC_KINDS or dtype.itemsize > 8 or not shape:
        expected = "an array of numbers, one entry an example"
        raise DataError(Problem(name, given, expected, _conversion_to_numbers(name, dtype)))
    if 0 in shape[1:]:
        raise DataError(Problem(name, given, "at least one value in each example"))


def _conversion_to_numbers(name: str, dtype: np.dtype) -> str:
    """Suggests how to convert an array that is not numeric."""
    if dtype.kind in "OSUT" and name.startswith("y"):
        return f"number the classes: classes, {name} = np.unique({name}, return_inverse=True)"
    if dtype.kind == "c":
        return f"np.stack([{name}.real, {name}.imag], axis=-1)"
    return f"{name}.astype('float32')" if dtype.kind in "OfSUT" else ""


@dataclass(frozen=True)
class Splits:
    """The examples for training, validation and testing.

    Attributes:
        train: Training examples.
        validation: Validation examples, which callbacks monitor; None if they are still to be
            split off `train`.
        test: Test examples, evaluated once, after training.
        note: How validation was split off, in one line, where the size was a default.

    Example:
        >>> import numpy as np
        >>> from altitude.data import Examples, Splits
        >>> x, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
        >>> splits = Splits(train=Examples(x[:8], y[:8]), test=Examples(x[8:], y[8:]))
        >>> sorted(splits.named())
        ['test', 'train']
    """

    train: Examples
    test: Examples
    validation: Examples | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Checks that no split is empty and that all splits have examples of the same shape.

        Raises:
            DataError: If a split is empty or has examples of another shape.
        """
        for name, split in (("test", self.test), ("validation", self.validation)):
            if split is None:
                continue
            if len(split) == 0 or len(self.train) == 0:
                raise DataError(f"{len(self.train)} training and {len(split)} {name} examples")
            for part in ("x", "y"):
                expected, found = (s.named()[part].shape[1:] for s in (self.train, split))
                if expected != found:
                    given = f"shape {found} of an example"
                    raise DataError(
                        Problem(f"{part} of {name}", given, f"{expected}, as for training")
                    )

    def named(self) -> dict[str, Examples]:
        """Returns the splits that are not None, by name."""
        splits = {"train": self.train, "test": self.test}
        return splits if self.validation is None else splits | {"validation": self.validation}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all arrays with their shapes and dtypes, the first 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation, self.test):
            for name, array in {} if split is None else split.named().items():
                digest.update(f"{name}{array.shape}{array.dtype}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]


def split_validation(splits: Splits, validation_size: int | None) -> Splits:
    """Splits the last training examples off for validation, unless there is a validation split.

    Args:
        splits: The examples.
        validation_size: The number of examples; None for a tenth, with a note to the user.

    Returns:
        The splits, with the validation split.

    Raises:
        DataError: If that leaves nothing to train on.
    """
    if splits.validation is not None or validation_size == 0:
        return splits
    available = len(splits.train)
    size = validation_size or default_validation_size(available)
    if size >= available:
        given = f"{size:,}, which leaves nothing to train on"
        expected = f"less than {available:,}, the number of training examples"
        raise DataError(Problem("dataset.validation_size", given, expected))
    train, validation = splits.train[:-size], splits.train[-size:]
    note = f"the last {size:,} of {available:,} training examples are for validation"
    if validation_size is None:
        return Splits(train, splits.test, validation, f"{note}: dataset.validation_size={size}")
    return Splits(train, splits.test, validation)


def default_validation_size(num_examples: int) -> int:
    """Returns the default number of validation examples.

    Args:
        num_examples: The number of training examples before the split.
    """
    return max(1, num_examples // DEFAULT_VALIDATION_DIVISOR)


def describe_labels(splits: Splits) -> LabelSpec:
    """Infers the kind of the labels and the number of classes from all splits.

    Args:
        splits: The arrays of all splits.

    Returns:
        The kind of the labels, and the number of classes or values.

    Raises:
        DataError: If they have more than two dimensions, or are negative class indices.
    """
    labels = [s.y for s in (splits.train, splits.validation, splits.test) if s is not None]
    first = labels[0]
    if first.ndim > 2:
        expected = "labels of shape (examples,) or (examples, values)"
        raise DataError(Problem("y", f"shape {first.shape}", expected))
    if first.ndim == 2:
        return LabelSpec("column" if first.shape[1] == 1 else "one_hot", first.shape[1])
    if first.dtype.kind not in "iub":
        return LabelSpec("scalar", 1)
    lowest = min(int(array.min()) for array in labels)
    if lowest < 0:
        instead = "np.unique(y, return_inverse=True)[1]; numbers to be predicted as float32"
        raise DataError(Problem("y", f"a class index of {lowest}", "indices from 0", instead))
    return LabelSpec("integer", max(int(array.max()) for array in labels) + 1)
