"""The HTML representation of a result in notebooks."""

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path

from altitude.display.links import ADDRESS

CURVES = "curves.png"
"""The picture of a run's curves, in its folder."""


def result_html(rows: Mapping[str, str], output_dir: Path) -> str:
    """Shows scores, curves, where the model is and how to use it; all text is escaped.

    Args:
        rows: The rows of the closing table.
        output_dir: The folder of the run.

    Returns:
        HTML for a notebook.
    """
    return f"<table>{_rows(rows)}</table>{_picture(output_dir)}"


def _rows(rows: Mapping[str, str]) -> str:
    cells = '<th style="text-align: left">{}</th><td style="text-align: left">{}</td>'
    return "".join(f"<tr>{cells.format(escape(k), _linked(v))}</tr>" for k, v in rows.items())


def _linked(text: str) -> str:
    return ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', escape(text))


def _picture(folder: Path) -> str:
    path = folder / CURVES
    if not path.is_file():
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="curves of the run" src="data:image/png;base64,{data}">'
