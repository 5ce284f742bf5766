"""The page of `altitude --help`, as wide as the terminal."""

import io
import shutil
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

INDENT = "    "


@contextmanager
def wrapped_help_page() -> Iterator[None]:
    """Wraps the output of the block to the width of the terminal.

    Where there is no terminal, lines stay whole.
    """
    page = io.StringIO()
    try:
        with redirect_stdout(page):
            yield
    finally:
        print(wrapped(page.getvalue(), shutil.get_terminal_size(fallback=(0, 0)).columns), end="")


def wrapped(text: str, width: int) -> str:
    """Breaks long lines between words, and indents what follows.

    Args:
        text: Lines of text.
        width: The number of columns; 0 for no bound.

    Returns:
        The text, with a line break at the end of each line.
    """
    if width <= 0:
        return text
    return "".join(f"{part}\n" for line in text.splitlines() for part in _parts(line, width))


def _parts(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    if len(margin) > width // 2:
        margin = INDENT
    return textwrap.wrap(
        line.lstrip(),
        width,
        initial_indent=margin,
        subsequent_indent=margin + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
