import re
from pathlib import Path

import numpy as np
import pytest

from altitude import DataError
from altitude.data import Npz
from altitude.data.arrays import Array

RANDOM = np.random.default_rng(0)
ARRAYS: dict[str, Array] = {
    "x_train": RANDOM.random((40, 3)),
    "y_train": np.arange(40) % 3,
    "x_test": RANDOM.random((8, 3)),
    "y_test": np.arange(8) % 3,
}


def write(folder: Path, **arrays: Array) -> Path:
    path = folder / "mine.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


def test_the_arrays_of_a_file(tmp_path: Path) -> None:
    splits = Npz(path=write(tmp_path, **ARRAYS)).load()
    assert np.array_equal(splits.train.x, ARRAYS["x_train"])
    assert np.array_equal(splits.train.y, ARRAYS["y_train"])
    assert np.array_equal(splits.test.x, ARRAYS["x_test"])
    assert np.array_equal(splits.test.y, ARRAYS["y_test"])
    assert splits.validation is None


def test_a_file_with_validation(tmp_path: Path) -> None:
    validation = {"x_val": ARRAYS["x_test"] + 1, "y_val": ARRAYS["y_test"]}
    splits = Npz(path=write(tmp_path, **ARRAYS, **validation), validation_size=5).split()
    assert splits.validation is not None
    assert np.array_equal(splits.validation.x, validation["x_val"])
    assert len(splits.train) == 40


def test_validation_is_split_off_if_the_file_has_none(tmp_path: Path) -> None:
    splits = Npz(path=write(tmp_path, **ARRAYS), validation_size=5, limit=10).split()
    assert splits.validation is not None
    assert np.array_equal(splits.validation.x, ARRAYS["x_train"][-5:])
    assert np.array_equal(splits.train.x, ARRAYS["x_train"][:10])


def test_sample_weights(tmp_path: Path) -> None:
    weights = {"sample_weight_train": RANDOM.random(40), "sample_weight_test": RANDOM.random(8)}
    splits = Npz(path=write(tmp_path, **ARRAYS, **weights)).load()
    assert splits.train.sample_weight is not None
    assert splits.test.sample_weight is not None
    assert np.array_equal(splits.train.sample_weight, weights["sample_weight_train"])
    assert np.array_equal(splits.test.sample_weight, weights["sample_weight_test"])


def test_a_path_may_be_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, **ARRAYS)
    assert len(Npz(path=Path("~/mine.npz")).load().train) == 40


def test_its_name_is_that_of_the_file() -> None:
    assert Npz(path=Path("some/where/mine.npz")).name == "mine"


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.npz"
    with pytest.raises(DataError, match=re.escape(f"dataset.path={path}: there is no such file")):
        Npz(path=path).load()


def test_missing_arrays(tmp_path: Path) -> None:
    path = write(tmp_path, x_train=ARRAYS["x_train"], images=ARRAYS["x_test"])
    message = f"{path} lacks y_train, x_test, y_test; it holds x_train, images"
    with pytest.raises(DataError, match=re.escape(message)):
        Npz(path=path).load()


def test_more_inputs_than_labels(tmp_path: Path) -> None:
    path = write(tmp_path, **ARRAYS | {"y_train": np.zeros(7, np.int64)})
    with pytest.raises(DataError, match=r"(?s)^y_train\n.*7 entries.*40, as many"):
        Npz(path=path).load()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 and then nothing"])
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"{path} is damaged or no .npz file")):
        Npz(path=path).load()


def test_a_single_array_is_no_npz_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, ARRAYS["x_train"])
    with pytest.raises(DataError, match="is damaged or no"):
        Npz(path=path).load()


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, **ARRAYS | {"y_train": np.array([{}] * 40, dtype=object)})
    with pytest.raises(DataError, match="allow_pickle"):
        Npz(path=path).load()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_file(tmp_path: Path, kept: float) -> None:
    path = write(tmp_path, **ARRAYS)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match="is damaged or no"):
        Npz(path=path).load()


def test_damage_anywhere_is_found_and_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, **ARRAYS)
    intact = path.read_bytes()
    messages = []
    for position in range(0, len(intact), 3):
        content = bytearray(intact)
        content[position] ^= 0xFF
        path.write_bytes(content)
        try:
            arrays = Npz(path=path).load()
        except DataError as error:
            messages.append(str(error))
        else:
            assert np.array_equal(arrays.train.x, ARRAYS["x_train"])
    assert len(messages) > len(intact) / 6
    assert all(str(path) in message for message in messages)
