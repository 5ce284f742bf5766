from pathlib import Path
from typing import Any

import numpy as np
import pytest

from altitude import ConfigError
from altitude.records.prediction.arrays import read_npy, read_npz
from altitude.records.prediction.batch import InputForm

PIXELS = InputForm((2, 3), "float32")


def test_rows_are_read_in_order_and_as_they_are_stored(tmp_path: Path) -> None:
    x = np.arange(42, dtype=">i4").reshape(7, 2, 3)
    np.save(tmp_path / "x.npy", x)
    batches = list(read_npy(tmp_path / "x.npy", PIXELS, 3))
    assert [list(batch.names) for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    read = np.concatenate([batch.x for batch in batches])
    assert (read == x).all()
    assert read.dtype == np.int32


def test_a_last_dimension_of_one_comes_and_goes(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 2, 3)))
    (batch,) = read_npy(tmp_path / "x.npy", InputForm((None, 3, 1), "float32"), 9)
    assert batch.x.shape == (4, 2, 3, 1)
    np.save(tmp_path / "x.npy", np.zeros((4, 2, 3, 1)))
    (batch,) = read_npy(tmp_path / "x.npy", PIXELS, 9)
    assert batch.x.shape == (4, 2, 3)


@pytest.mark.parametrize("names", [("x", "y"), ("x_test", "y_test", "x_train"), ("arr_0",)])
def test_the_inputs_in_an_archive_are_found(names: tuple[str, ...], tmp_path: Path) -> None:
    arrays: dict[str, Any] = {**dict.fromkeys(names, np.zeros(4)), names[0]: np.ones((4, 2, 3))}
    np.savez(tmp_path / "x.npz", **arrays)
    (batch,) = read_npz(tmp_path / "x.npz", PIXELS, 9)
    assert batch.x.shape == (4, 2, 3)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 6)), "x.reshape(-1, 2, 3)"),
        (np.zeros((2, 3)), "x[np.newaxis], for a single row"),
        (np.zeros((4, 3, 3)), "rows of shape (3, 3)"),
        (np.zeros(()), "one entry an example"),
        (np.array(["a"]), "an array of numbers"),
        (np.array([None]), "a whole .npy file of numbers"),
    ],
)
def test_rows_of_another_form_are_refused(array: np.ndarray, said: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(ConfigError) as error:
        next(read_npy(tmp_path / "x.npy", PIXELS, 3))
    assert said in str(error.value)
    assert "INPUT" in str(error.value)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("kept", [0, 50, 400])
def test_a_damaged_file_is_refused(suffix: str, kept: int, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    x = np.zeros((100, 2, 3))
    np.save(path, x) if suffix == "npy" else np.savez(path, x=x)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ConfigError, match=path.name):
        next({"npy": read_npy, "npz": read_npz}[suffix](path, PIXELS, 3))


def test_an_archive_without_inputs_says_what_it_holds(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros(3), b=np.zeros(3))
    with pytest.raises(ConfigError, match="the arrays a, b"):
        next(read_npz(tmp_path / "x.npz", PIXELS, 3))
