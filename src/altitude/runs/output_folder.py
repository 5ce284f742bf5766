"""One folder for each run: no run overwrites the files of another."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from altitude.errors import ConfigError, Problem

CLAIM = ".run"
"""The file that marks a folder as the folder of a run."""


def claim_folder(wanted: Path) -> Path:
    """Claims a folder for one run, also against other processes.

    Args:
        wanted: The folder that was asked for.

    Returns:
        That folder or, if another run has claimed it, the first free one of `NAME-2`, `NAME-3`, ...

    Raises:
        ConfigError: If the folder cannot be written.
    """
    try:
        return next(folder for folder in _candidates(wanted) if _claimed(folder))
    except OSError as error:
        expected = "a folder that can be written"
        raise ConfigError([Problem("output_dir", f"{wanted} ({error})", expected)]) from error


def _candidates(wanted: Path) -> Iterator[Path]:
    wanted.mkdir(parents=True, exist_ok=True)
    yield wanted
    for number in count(2):
        folder = wanted.with_name(f"{wanted.name}-{number}")
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            yield folder


def _claimed(folder: Path) -> bool:
    try:
        (folder / CLAIM).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
