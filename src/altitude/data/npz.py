"""The user's own arrays, from an `.npz` file."""

import dataclasses
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic.dataclasses import dataclass

from altitude.data.arrays import Array, Examples, Splits, require_numbers
from altitude.data.dataset import ArrayDataset
from altitude.data.npz_file import HOW_TO_WRITE, Header, read_arrays, read_headers
from altitude.data.spec import Declared, LabelSpec
from altitude.errors import DataError, Problem
from altitude.validation import STRICT

REQUIRED = ("x_train", "y_train", "x_test", "y_test")
VALIDATION = ("x_val", "y_val")
WEIGHTS = ("sample_weight_train", "sample_weight_val", "sample_weight_test")
KNOWN = (*REQUIRED, *VALIDATION, *WEIGHTS)
"""Names of the arrays that are read; a file may hold others."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Npz(ArrayDataset):
    """Arrays from a file that `numpy.savez` wrote.

    The file holds `x_train`, `y_train`, `x_test` and `y_test`; optionally `x_val` and `y_val`, and
    `sample_weight_train`, `sample_weight_val` and `sample_weight_test`. If it holds no validation
    arrays, `validation_size` examples are split off the training ones: a tenth by default.

    Attributes:
        path: The file.

    Example:
        >>> import numpy as np
        >>> from altitude.data import Npz
        >>> x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
        >>> np.savez("mine.npz", x_train=x[:50], y_train=y[:50], x_test=x[50:], y_test=y[50:])
        >>> splits = Npz(path="mine.npz").split()
        >>> len(splits.train), len(splits.validation), len(splits.test)
        (45, 5, 10)
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def declared(self) -> Declared:
        """The kind of the labels and the number of examples, from the headers in the file."""
        try:
            headers = self._headers()
        except DataError:
            return Declared()  # `problems` reports it
        return Declared(
            _labels(headers["y_train"]), headers["x_train"].shape[0], "x_val" in headers
        )

    def problems(self) -> list[Problem]:
        """Returns the problems that the headers of the file's arrays show."""
        try:
            arrays = {name: header.placeholder() for name, header in self._headers().items()}
            _splits(arrays)
        except DataError as error:
            return [self._as_path_problem(error)]
        return []

    def load(self) -> Splits:
        """Returns the file's arrays.

        Raises:
            DataError: If the file is missing or damaged, or lacks an array.
        """
        self._headers()
        return _splits(read_arrays(self._file, KNOWN))

    @property
    def _file(self) -> Path:
        return self.path.expanduser()

    def _headers(self) -> dict[str, Header]:
        """Returns the headers of all known arrays, after checking them.

        Raises:
            DataError: If one is missing or is not numeric, or the file cannot be read.
        """
        headers = read_headers(self._file)
        missing = [name for name in KNOWN if name not in headers and _is_required(name, headers)]
        if missing:
            given = f"{self.path} without {', '.join(missing)}; it holds {', '.join(headers)}"
            expected = f"a file with {', '.join(REQUIRED)}"
            instead = _similar_array(missing, headers) or HOW_TO_WRITE
            raise DataError(Problem("dataset.path", given, expected, instead))
        known = {name: headers[name] for name in KNOWN if name in headers}
        for name, header in known.items():
            require_numbers(name, header.shape, header.dtype)
        return known

    def _as_path_problem(self, error: DataError) -> Problem:
        problem = error.problem or Problem("dataset.path", str(error), "a sound file")
        if problem.key == "dataset.path":
            return problem
        given = f"{self.path}, in which {problem.key} is {problem.given}"
        return dataclasses.replace(problem, key="dataset.path", given=given)


def _is_required(name: str, present: Iterable[str]) -> bool:
    """Whether an array is required. Validation needs both inputs and labels, or neither."""
    return name in REQUIRED or (
        name in VALIDATION and any(other in present for other in VALIDATION)
    )


def _similar_array(missing: Iterable[str], present: Iterable[str]) -> str:
    """Suggests the array that was probably meant, if one has a similar name."""
    unread = {name.lower(): name for name in present if name not in KNOWN}
    for name in missing:
        swapped = "_".join(reversed(name.split("_")))
        meant = next((unread[n] for n in (name, swapped) if n in unread), None)
        meant = meant or next(iter(get_close_matches(name, unread.values(), n=1)), None)
        if meant:
            return f"`{meant}` saved as `{name}`"
    return ""


def _labels(header: Header) -> LabelSpec | None:
    """The kind of the labels; the number of classes is known only from the labels themselves."""
    if len(header.shape) == 1:
        return LabelSpec("scalar" if header.dtype.kind == "f" else "integer", 1)
    if len(header.shape) == 2:
        return LabelSpec("column" if header.shape[1] == 1 else "one_hot", header.shape[1])
    return None


def _splits(arrays: Mapping[str, Array]) -> Splits:
    return Splits(
        _examples(arrays, "train"),
        _examples(arrays, "test"),
        _examples(arrays, "val") if "x_val" in arrays else None,
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
