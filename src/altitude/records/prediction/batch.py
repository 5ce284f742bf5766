"""Batches of inputs as they are stored, and what is wrong with those that are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from altitude.data.arrays import Array
from altitude.errors import Problem

Name = int | str
"""What an example is called: the number of its row, counted from 0, or its file."""


@dataclass(frozen=True)
class InputForm:
    """The form of the inputs that a model takes.

    Attributes:
        shape: The shape of one input, without the batch dimension; None for sizes that are open.
        dtype: The name of their dtype.
        crop: Whether images of another aspect ratio are cropped at the centre, not distorted.
    """

    shape: tuple[int | None, ...]
    dtype: str
    crop: bool = False

    @property
    def size(self) -> int | None:
        """The number of values in one input; None if it is open."""
        sizes = [size for size in self.shape if size is not None]
        return int(np.prod(sizes)) if len(sizes) == len(self.shape) else None


@dataclass(frozen=True)
class Batch:
    """Some inputs, in order.

    Attributes:
        names: What each is called.
        x: The inputs, (examples, ...).
        faults: What is wrong with examples that are not among them, a line each.
    """

    names: Sequence[Name]
    x: Array
    faults: Sequence[str] = ()

    def where(self, good: Array, fault: str) -> Batch:
        """Returns the batch without some of its examples.

        Args:
            good: Which examples stay, bool (examples,).
            fault: What is wrong with the others.
        """
        if good.all():
            return self
        pairs = list(zip(self.names, good, strict=True))
        left_out = [f"{called(name)}: {fault}" for name, is_good in pairs if not is_good]
        names = [name for name, is_good in pairs if is_good]
        return replace(self, names=names, x=self.x[good], faults=(*self.faults, *left_out))


class Reader(Protocol):
    """Reads a file or a folder in batches."""

    def __call__(self, path: Path, form: InputForm, batch_size: int) -> Iterator[Batch]:
        """Yields the inputs in batches.

        Args:
            path: The file or folder.
            form: The form that the model takes.
            batch_size: The number of inputs in a batch.

        Raises:
            ConfigError: If what is in the file has another form.
        """


def called(name: Name) -> str:
    """Returns an example's name in messages: `row 3`, or the name of its file.

    Args:
        name: The name.
    """
    return name if isinstance(name, str) else f"row {name}"


def wrong_input(source: Path | str, given: str, expected: str, instead: str = "") -> Problem:
    """Returns the problem of a file that the model does not take.

    Args:
        source: The file or folder.
        given: What it is, or what is in it.
        expected: What would have been right.
        instead: What to write instead.
    """
    return Problem("INPUT", f"{source}: {given}", expected, instead)


def sizes_in_words(shape: Sequence[int | None]) -> str:
    """Returns a shape as NumPy writes it, with `any` for sizes that are open.

    Args:
        shape: The shape.
    """
    return str(tuple("any" if size is None else size for size in shape)).replace("'", "")
