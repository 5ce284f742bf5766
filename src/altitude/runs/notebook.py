"""The HTML representation of a result in notebooks."""

import base64
from collections.abc import Iterable, Mapping, Sequence
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
    return f"{table_html(list(rows.items()))}{picture_html(output_dir / CURVES)}"


def table_html(rows: Iterable[Sequence[str]]) -> str:
    """Returns a table whose first column is a heading; text is escaped, and addresses are links.

    Args:
        rows: The cells of each row.
    """
    return f"<table>{''.join(map(_row, rows))}</table>"


def picture_html(path: Path | None) -> str:
    """Returns a picture of a run's curves, as a part of the page.

    Args:
        path: A PNG file; what is not there is not shown.
    """
    if path is None or not path.is_file():
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="curves of the run" src="data:image/png;base64,{data}">'


def _row(cells: Sequence[str]) -> str:
    kinds = ["th", *["td"] * (len(cells) - 1)]
    style = 'style="text-align: left"'
    shown = (f"<{k} {style}>{_linked(c)}</{k}>" for k, c in zip(kinds, cells, strict=True))
    return f"<tr>{''.join(shown)}</tr>"


def _linked(text: str) -> str:
    return ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', escape(text))
