"""What is being done while nothing else is shown."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


def is_live(console: Console) -> bool:
    """Whether lines can be shown and taken off again: in a terminal, if it is not a dumb one."""
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def status(console: Console, text: str) -> Iterator[None]:
    """Shows a text with a spinner while the block runs; nothing in files and dumb terminals."""
    if console.quiet or not is_live(console):
        yield
        return
    with console.status(text):
        yield
