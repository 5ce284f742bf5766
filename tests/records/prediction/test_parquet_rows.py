from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from altitude import ConfigError
from altitude.records.prediction.batch import InputForm
from altitude.records.prediction.parquet_rows import read_parquet

FORM = InputForm((2,), "float32")


def test_columns_are_values(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 2.5]})
    frame.to_parquet(tmp_path / "x.parquet")
    batches = list(read_parquet(tmp_path / "x.parquet", FORM, 2))
    assert [list(batch.names) for batch in batches] == [[0, 1], [2]]
    read = np.concatenate([batch.x for batch in batches])
    assert np.array_equal(read, frame.to_numpy(float), equal_nan=True)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"a": [1], "b": ["x"]}), "the columns b "),
        (pd.DataFrame({"a": [1]}), "2 columns: the model takes"),
    ],
)
def test_other_columns_are_refused(frame: pd.DataFrame, said: str, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ConfigError, match=said):
        next(read_parquet(tmp_path / "x.parquet", FORM, 2))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": [1], "b": [1]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ConfigError, match="a whole Parquet file"):
        next(read_parquet(path, FORM, 2))
