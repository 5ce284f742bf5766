"""The folder of one launch of a sweep, which no other launch that runs at the time writes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from rich.console import Console

from altitude.errors import ConfigError, Problem

LOCK = ".sweep.lock"
"""The file that is locked while a launch uses its folder. The system unlocks it if that dies."""


@contextmanager
def sweep_folder(config: DictConfig, console: Console) -> Iterator[Path]:
    """The folder of a launch, with what Hydra leaves in that of a multirun.

    Args:
        config: What Hydra composed, its own node included; the launcher finds the folder there.
        console: Where it is shown that another folder than the one asked for is used.

    Yields:
        Its absolute path.
    """
    wanted = Path(str(config.hydra.sweep.dir)).absolute()
    with claimed_folder(wanted) as folder:
        OmegaConf.save(config, folder / "multirun.yaml")
        with read_write(config), open_dict(config):
            config.hydra.sweep.dir = str(folder)
        if folder != wanted:
            shown = f"another sweep is writing to {wanted}: this one uses {folder}"
            console.print(shown, style="yellow", highlight=False, soft_wrap=True)
        yield folder


@contextmanager
def claimed_folder(wanted: Path) -> Iterator[Path]:
    """Claims a folder as long as the block runs, also against other processes.

    Args:
        wanted: The folder that was asked for; it is made.

    Yields:
        That folder or, while another launch uses it, the first free one of `NAME-2`, `NAME-3`, ...

    Raises:
        ConfigError: If the folder cannot be written.
    """
    folder, lock = next(_claims(wanted))
    with lock:
        yield folder


def _claims(wanted: Path) -> Iterator[tuple[Path, FileLock]]:
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
        yield folder, lock
