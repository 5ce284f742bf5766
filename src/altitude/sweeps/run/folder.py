"""The folder of a sweep, to which no other sweep writes, and one launch of it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf, read_write
from rich.console import Console

from altitude.errors import ConfigError, Problem

OWNER = ".sweep"
"""The file that says whose folder it is."""

LOCK = ".sweep.lock"
"""The file that is locked while a launch uses its folder. The system unlocks it if that dies."""


@contextmanager
def sweep_folder(config: DictConfig, identity: str, console: Console) -> Iterator[Path]:
    """The folder of a launch, with what Hydra leaves in that of a multirun.

    Args:
        config: The composed config, with Hydra's own node; the launcher finds the folder there.
        identity: The hash of the sweep's jobs and its search.
        console: The console for a notice that another folder is used.

    Yields:
        Its absolute path.
    """
    wanted = Path(str(config.hydra.sweep.dir)).absolute()
    with claimed_folder(wanted, identity) as folder:
        OmegaConf.save(config, folder / "multirun.yaml")
        with read_write(config.hydra.sweep):
            config.hydra.sweep.dir = str(folder)
        if folder != wanted:
            shown = f"another sweep has its files in {wanted}: those of this one are in {folder}"
            console.out(shown, style="yellow")
        yield folder


@contextmanager
def claimed_folder(wanted: Path, owner: str) -> Iterator[Path]:
    """Claims a folder as long as the block runs, also against other processes.

    Args:
        wanted: The folder that was asked for; it is made.
        owner: Whose it is: what has the same owner may claim it again later.

    Yields:
        That folder or, if it is another's or is in use, the first free one of `NAME-2`, ...

    Raises:
        ConfigError: If the folder cannot be written.
    """
    folder, lock = next(_claims(wanted, owner))
    try:
        yield folder
    finally:
        lock.release()


def _claims(wanted: Path, owner: str) -> Iterator[tuple[Path, FileLock]]:
    for number in count(1):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            continue
        except OSError as error:
            given, expected = f"{folder} ({error.strerror})", "a folder that can be written"
            raise ConfigError([Problem("hydra.sweep.dir", given, expected)]) from error
        if _owned(folder, owner):
            yield folder, lock
        lock.release()


def _owned(folder: Path, owner: str) -> bool:
    """Whether a locked folder is the owner's; one that nobody owns becomes it."""
    file = folder / OWNER
    if not file.exists():
        file.write_text(owner)
    return file.read_text() == owner
