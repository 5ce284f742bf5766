import re
from pathlib import Path

from altitude.records.evaluation.report import Table
from altitude.records.page import write_page

MARKUP = '<script>alert("1")</script>'


def test_what_comes_from_data_is_escaped(tmp_path: Path) -> None:
    picture = tmp_path / "a_picture.png"
    picture.write_bytes(b"bytes")
    page = tmp_path / "page.html"
    table = Table(MARKUP, (MARKUP,), [(MARKUP,)])
    write_page(page, MARKUP, {MARKUP: MARKUP}, [table], [picture])
    text = page.read_text()
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 7
    assert 'src="data:image/png;base64,Ynl0ZXM="' in text
    assert "<h2>a picture</h2>" in text


def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_page(page, "title", {}, [], [])
    assert not re.findall(r"https?://|src=|href=", page.read_text())
