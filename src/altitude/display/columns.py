"""Text in columns."""

from collections.abc import Iterator, Sequence

GAP = "  "


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields lines of columns, each as wide as its widest cell, indented.

    Args:
        rows: The cells of each row; rows may be of different length.

    Yields:
        A line of text for each row.

    Example:
        >>> list(aligned([("loss", "0.5"), ("accuracy", "0.75")]))
        ['  loss      0.5', '  accuracy  0.75']
    """
    columns = range(max(map(len, rows), default=0))
    widths = [max(len(row[column]) for row in rows if len(row) > column) for column in columns]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        yield f"{GAP}{GAP.join(cells)}".rstrip()
