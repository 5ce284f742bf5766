from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from altitude import ConfigError
from altitude.records.prediction.batch import Batch, InputForm
from altitude.records.prediction.csv_rows import read_csv

PAIRS = InputForm((2,), "float32")


def read(
    folder: Path, text: str | bytes, form: InputForm = PAIRS, batch_size: int = 2
) -> list[Batch]:
    path = folder / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_csv(path, form, batch_size))


def values(batches: Sequence[Batch]) -> list[list[float]]:
    return [row for batch in batches for row in batch.x.tolist()]


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n5,6\n",
        "a,b\n1,2\n3,4\n5,6",
        "\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n5,6\r\n",
        '"a" , "b,c"\n"1", 2 \n3.0,4e0\n+5,006\n',
    ],
)
def test_lines_are_rows(text: str, tmp_path: Path) -> None:
    batches = read(tmp_path, text)
    assert values(batches) == [[1, 2], [3, 4], [5, 6]]
    assert [list(batch.names) for batch in batches] == [[0, 1], [2]]
    assert batches[0].x.dtype == np.float32


def test_a_bad_line_costs_no_other_one(tmp_path: Path) -> None:
    lines = ["a,b", "1,2", "x,3", "4", "5,6,7", '"8,9', ",1", "nan,1", "1e99,1", "10,11"]
    batches = read(tmp_path, "\n".join(lines).encode() + b"\n\xff,1\n12,13", batch_size=4)
    assert values(batches) == [[1, 2], [10, 11], [12, 13]]
    assert [name for batch in batches for name in batch.names] == [0, 8, 10]
    assert [fault for batch in batches for fault in batch.faults] == [
        "row 1, line 3: 'x' is no number",
        "row 2, line 4: 1 column, not 2",
        "row 3, line 5: 3 columns, not 2",
        "row 4, line 6: 1 column, not 2",
        "row 5, line 7: '' is no number",
        "row 6, line 8: a value that is not finite",
        "row 7, line 9: a value that is not finite",
        "row 9, line 11: '\ufffd' is no number",
    ]


def test_a_line_is_brought_into_the_shape_of_an_input(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, "1,2,3,4,5,6", InputForm((2, 3, 1), "int32"))
    assert batch.x[0, :, :, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    (batch,) = read(tmp_path, "1,2,3", InputForm((None,), "int32"))
    assert batch.x.tolist() == [[1, 2, 3]]


def test_no_number_is_cut_to_a_whole_one(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, "1,2.5\n3,4", InputForm((2,), "int32"))
    assert (values([batch]), batch.faults) == ([[3, 4]], ["row 0, line 1: '2.5' is no number"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no line"),
        ("1,2,3\n1,2,3", "3 columns"),
        ("1;2\n3;4", "2 columns, separated by commas"),
    ],
)
def test_a_file_with_other_columns_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)
