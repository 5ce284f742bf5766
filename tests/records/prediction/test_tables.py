import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altitude.records.prediction import tables
from altitude.records.prediction.tables import TABLES, table

TYPES = {"file": str, "class": str, "probability_=1+1": float}
ROWS: dict[str, list[Any]] = {
    "file": ["a,b.png", 'c"\n.png', "é.png"],
    "class": ["<b>", "", "0"],
    "probability_=1+1": [0.1, 1e-30, 1.0],
}


def read(path: Path) -> dict[str, list[Any]]:
    if path.suffix == ".parquet":
        return dict(pd.read_parquet(path).to_dict("list"))
    if path.suffix == ".csv":
        return dict(pd.read_csv(path, keep_default_na=False, dtype=TYPES).to_dict("list"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {name: [line[name] for line in lines] for name in TYPES}


@pytest.mark.parametrize("suffix", TABLES)
def test_what_was_written_is_read(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS_TOGETHER", 5)
    path = tmp_path / f"it{suffix}"
    path.write_text("old")
    with table(path, TYPES) as write:
        for _ in range(3):
            write(ROWS)
        assert path.read_text() == "old"
    assert read(path) == {name: values * 3 for name, values in ROWS.items()}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", TABLES)
def test_a_failure_leaves_what_was_there(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"it{suffix}"
    path.write_text("old")
    with pytest.raises(ValueError, match=r"length|shorter"), table(path, TYPES) as write:
        write(ROWS | {"class": ["a"]})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", TABLES)
def test_a_table_may_be_empty(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"it{suffix}"
    with table(path, TYPES):
        pass
    assert read(path) == {name: [] for name in TYPES}
