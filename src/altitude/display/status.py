"""A spinner with a status line."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


def is_live(console: Console) -> bool:
    """Returns whether the console can redraw lines: a terminal that is not a dumb one.

    Args:
        console: The console that is written to.
    """
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def status(console: Console, text: str) -> Iterator[None]:
    """Shows a text with a spinner while the block runs; nothing in files and dumb terminals.

    Args:
        console: The console that is written to.
        text: The text beside the spinner.
    """
    if console.quiet or not is_live(console):
        yield
        return
    with console.status(text):
        yield
