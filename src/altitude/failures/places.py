"""Locates the line of the user's code that raised an exception."""

import inspect
import linecache
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ENTRY = re.compile(r'File "([^"]+)", line (\d+)(?:, in (\S+))?')
"""An entry of a traceback; AutoGraph and TensorFlow write some into their messages."""


@dataclass(frozen=True)
class Place:
    """A line of source code.

    Attributes:
        file: Its file.
        line: The number of the line, counted from 1.
        function: The function that it is in; empty at the top of a module.
    """

    file: Path
    line: int
    function: str = ""

    @property
    def file_and_line(self) -> str:
        """Location in the format of editors and terminals: `mine/model.py:7`."""
        here = Path.cwd()
        file = self.file.relative_to(here) if self.file.is_relative_to(here) else self.file
        return f"{file}:{self.line}"

    @property
    def source(self) -> str:
        """The text of the line, without indentation; empty if it cannot be read."""
        return linecache.getline(str(self.file), self.line).strip()

    def __str__(self) -> str:
        function = f", in {self.function}" if self.function else ""
        return f"{self.file_and_line}{function}"


def user_line_of_error(error: BaseException) -> Place | None:
    """Finds the innermost line of the user's code in the traceback of an exception.

    Searches the exceptions that caused it first: the innermost one is nearest to the fault.

    Args:
        error: Any exception.

    Returns:
        The place; None if no user code is involved.
    """
    for link in reversed(list(_chain(error))):
        places = [place for place in _places(link) if is_user_code(place.file)]
        if places:
            return places[-1]
    return None


def user_line_of_target(target: Any) -> Place | None:
    """Finds where a class or function of the user's is defined.

    Args:
        target: A class or function.

    Returns:
        The place; None if it is not the user's, or has no source.
    """
    try:
        file = inspect.getsourcefile(target)
        line = inspect.getsourcelines(target)[1]
    except (OSError, TypeError):
        return None
    place = Place(Path(file or ""), line, getattr(target, "__qualname__", ""))
    return place if is_user_code(place.file) else None


def is_user_code(file: Path) -> bool:
    """Returns whether a file belongs neither to this package, nor to Python, nor to a library.

    Args:
        file: The path of a file, which need not exist.
    """
    if not file.is_file() or file.name.startswith("__autograph_generated_file"):
        return False
    return not any(file.resolve().is_relative_to(folder) for folder in _installed_folders())


@cache
def _installed_folders() -> tuple[Path, ...]:
    source = Path(__file__).resolve().parents[1]
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    ours = (source, source.parent / "hydra_plugins")
    commands = Path(sys.prefix) / ("Scripts" if sys.platform == "win32" else "bin")
    return (*ours, commands.resolve(), *(Path(folder).resolve() for folder in folders))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those that it was raised from, the outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _places(error: BaseException) -> Iterator[Place]:
    """The lines in the traceback of one exception, the innermost last."""
    for frame in traceback.extract_tb(error.__traceback__):
        function = "" if frame.name == "<module>" else frame.name
        yield Place(Path(frame.filename), frame.lineno or 0, function)
    for file, line, function in ENTRY.findall(_written_traceback(error)):
        yield Place(Path(file), int(line), function)
    if isinstance(error, SyntaxError) and error.filename:
        yield Place(Path(error.filename), error.lineno or 0)


def _written_traceback(error: BaseException) -> str:
    """Returns the traceback that AutoGraph or TensorFlow stores as text."""
    metadata = getattr(error, "ag_error_metadata", None)
    return str(error) if metadata is None else str(metadata.get_message())
