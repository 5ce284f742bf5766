"""Text with clickable links, in terminals that support them."""

import re
from pathlib import Path

from rich.style import Style
from rich.text import Text

ADDRESS = re.compile(r"https?://[^\s\"'<>]+[^\s\"'<>.,;:)]")


def linked(text: str, *paths: Path) -> Text:
    """Returns text in which every URL, and each of some paths, is a link.

    Args:
        text: The text, which is not parsed as markup.
        paths: Files or folders that occur in it.
    """
    shown = Text(text)
    for found in ADDRESS.finditer(text):
        shown.stylize(Style(link=found.group()), *found.span())
    for path in paths:
        start = text.find(str(path))
        if start >= 0 and path.is_absolute():
            shown.stylize(Style(link=path.as_uri()), start, start + len(str(path)))
    return shown
