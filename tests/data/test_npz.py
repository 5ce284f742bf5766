import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from altitude import DataError, Problem
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
    with pytest.raises(DataError, match=rf"(?s)dataset.path.*{re.escape(str(path))}.*No such file"):
        Npz(path=path).load()


def test_missing_arrays(tmp_path: Path) -> None:
    path = write(tmp_path, x_train=ARRAYS["x_train"], images=ARRAYS["x_test"])
    message = f"{path} without y_train, x_test, y_test; it holds x_train, images"
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
    with pytest.raises(DataError, match=rf"(?s){re.escape(str(path))}.*damaged or no .npz file"):
        Npz(path=path).load()


def test_a_single_array_is_no_npz_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, ARRAYS["x_train"])
    with pytest.raises(DataError, match="is damaged or no"):
        Npz(path=path).load()


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, **ARRAYS | {"y_train": np.array([{}] * 40, dtype=object)})
    with pytest.raises(DataError, match=r"(?s)y_train\n.*object.*np.unique"):
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


def problem_of(path: Path) -> Problem:
    (problem,) = Npz(path=path).problems()
    assert problem.key == "dataset.path"
    return problem


def test_a_sound_file_has_no_problems_and_says_what_it_holds(tmp_path: Path) -> None:
    dataset = Npz(path=write(tmp_path, **ARRAYS))
    assert dataset.problems() == []
    assert dataset.declared.num_examples == 40
    assert not dataset.declared.has_validation
    assert dataset.declared.labels is not None
    assert dataset.declared.labels.kind == "integer"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert problem_of(tmp_path).given == f"{tmp_path}, a folder"


@pytest.mark.parametrize(
    ("changes", "given", "instead"),
    [
        ({"y_train": np.array(["a", "b"] * 20)}, "y_train is <U1 of shape (40,)", "np.unique"),
        ({"y_train": np.zeros(7)}, "y_train is 7 entries", ""),
        ({"x_train": np.zeros((40, 0))}, "x_train is float64 of shape (40, 0)", ""),
        ({"x_test": np.zeros((8, 5))}, "x of test is shape (5,)", ""),
        ({"x_val": np.zeros((8, 3))}, "without y_val", "np.savez"),
    ],
)
def test_what_the_headers_tell(
    tmp_path: Path, changes: dict[str, Array], given: str, instead: str
) -> None:
    problem = problem_of(write(tmp_path, **ARRAYS | changes))
    assert given in problem.given
    assert instead in problem.instead


@pytest.mark.parametrize("name", ["X_train", "train_x", "x_trian"])
def test_a_similar_name_is_proposed(tmp_path: Path, name: str) -> None:
    others = {key: array for key, array in ARRAYS.items() if key != "x_train"}
    path = write(tmp_path, **others, **{name: ARRAYS["x_train"]})
    assert problem_of(path).instead == f"`{name}` saved as `x_train`"


def test_arrays_of_other_names_may_hold_anything(tmp_path: Path) -> None:
    names: Any = np.array(["shirt", None], dtype=object)
    path = write(tmp_path, **ARRAYS, class_names=names)
    assert Npz(path=path).problems() == []
    assert len(Npz(path=path).load().train) == 40


def test_a_file_from_a_machine_of_another_byte_order(tmp_path: Path) -> None:
    path = write(tmp_path, **ARRAYS | {"x_train": ARRAYS["x_train"].astype(">f4")})
    train = Npz(path=path).load().train
    assert train.x.dtype == np.float32
    assert np.allclose(train.x, ARRAYS["x_train"])


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    dataset = Npz(path=write(tmp_path, **ARRAYS))
    assert dataset.problems() == []
    write(tmp_path, x_train=ARRAYS["x_train"])
    assert "without y_train" in dataset.problems()[0].given


MISTAKES = ["nowhere.npz", ".", "words.npz", "no.npz"]


@pytest.mark.parametrize("path", MISTAKES)
def test_mistakes_are_told_before_tensorflow_starts(path: str, working_folder: Path) -> None:
    labels = np.array(["a", "b"] * 20)
    write(working_folder, **ARRAYS | {"y_train": labels}).rename("words.npz")
    Path("no.npz").write_text("a,b\n1,2\n")
    command = [sys.executable, "-X", "importtime", "-m", "altitude"]
    command += ["dataset=npz", f"dataset.path={path}"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "altitude: 1 problem" in finished.stderr
    assert "dataset.path" in finished.stderr
    assert "Traceback" not in finished.stderr
    imported = [line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()]
    assert "altitude" in imported
    assert "tensorflow" not in imported
    assert not Path("mlflow.db").exists()
