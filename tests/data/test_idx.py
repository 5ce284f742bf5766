import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from altitude import DataError
from altitude.data.idx import read_idx

SHAPE = (3, 2, 2)
DATA = bytes(range(12))
HEADER = struct.pack(">HBBIII", 0, 8, 3, *SHAPE)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "images.gz"
    path.write_bytes(gzip.compress(content))
    return path


def message_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_idx(path, SHAPE)
    assert str(caught.value).startswith(f"{path} ")
    return str(caught.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    array = read_idx(write(tmp_path, HEADER + DATA), SHAPE)
    assert array.dtype == np.uint8
    assert array.shape == SHAPE
    assert array.tobytes() == DATA


def test_labels_are_of_rank_1(tmp_path: Path) -> None:
    path = write(tmp_path, struct.pack(">HBBI", 0, 8, 1, 2) + b"\x05\x06")
    assert read_idx(path, (2,)).tolist() == [5, 6]


@pytest.mark.parametrize("kept", [1, 9, 12, 20, -1])
def test_a_truncated_archive(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, HEADER + DATA)
    path.write_bytes(path.read_bytes()[:kept])
    assert "is damaged or truncated" in message_of(path)


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + DATA)
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF  # in the checksum
    path.write_bytes(content)
    assert "is damaged or truncated" in message_of(path)


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(HEADER + DATA)
    assert "is damaged or truncated" in message_of(path)


@pytest.mark.parametrize("length", [0, 3, 15])
def test_a_header_that_ends_too_soon(tmp_path: Path, length: int) -> None:
    assert f"{length} bytes are less than" in message_of(write(tmp_path, HEADER[:length]))


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.touch()
    assert "is truncated" in message_of(path)


@pytest.mark.parametrize("magic", ["12340803", "00000d03"])
def test_wrong_magic(tmp_path: Path, magic: str) -> None:
    path = write(tmp_path, bytes.fromhex(magic) + HEADER[4:] + DATA)
    assert f"is no idx file of unsigned bytes: it starts with {magic}" in message_of(path)


def test_wrong_rank(tmp_path: Path) -> None:
    path = write(tmp_path, struct.pack(">HBBI", 0, 8, 1, 24) + bytes(24))
    assert "of rank 1; expected rank 3" in message_of(path)


def test_wrong_shape(tmp_path: Path) -> None:
    path = write(tmp_path, struct.pack(">HBBIII", 0, 8, 3, 3, 4, 1) + DATA)
    assert "of shape (3, 4, 1); expected (3, 2, 2)" in message_of(path)


@pytest.mark.parametrize(("data", "size"), [(DATA[:-1], 11), (DATA + b"\x00", 13)])
def test_wrong_amount_of_data(tmp_path: Path, data: bytes, size: int) -> None:
    assert f"{size} bytes of data; expected 12" in message_of(write(tmp_path, HEADER + data))
