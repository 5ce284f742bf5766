"""One HTML page that needs nothing else: it opens without a network, and escapes all text."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from altitude.records.evaluation.report import Table

TEMPLATE = "evaluation.html"


def write_page(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    tables: Sequence[Table],
    pictures: Sequence[Path],
) -> None:
    """Writes a page of tables and pictures.

    Args:
        path: The HTML file.
        title: The title.
        facts: Values by name, for the table at the top.
        tables: More tables, in order.
        pictures: PNG files, which become part of the page, each titled by its name.
    """
    # Markup that a config or data contain is shown as text.
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    source = (files("altitude") / "templates" / TEMPLATE).read_text(encoding="utf-8")
    embedded = {
        picture.stem.replace("_", " "): base64.b64encode(picture.read_bytes()).decode()
        for picture in pictures
    }
    page = environment.from_string(source).render(
        title=title, facts=facts, tables=tables, pictures=embedded
    )
    path.write_text(page, encoding="utf-8")
