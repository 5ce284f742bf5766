import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from altitude.data.cache import cache_directory, load_cached, store_cached

ARRAYS = {
    "x": np.arange(12, dtype=np.uint8).reshape(4, 3),
    "y": np.arange(4, dtype=np.uint8),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store_cached(tmp_path / "cache", ARRAYS)
    return tmp_path / "cache"


def test_what_is_stored_is_loaded(folder: Path) -> None:
    loaded = load_cached(folder, SHAPES)
    assert loaded is not None
    assert loaded.keys() == ARRAYS.keys()
    assert all(np.array_equal(loaded[name], ARRAYS[name]) for name in ARRAYS)


def test_loaded_arrays_are_mapped_and_changes_to_them_are_not_stored(folder: Path) -> None:
    loaded, again = load_cached(folder, SHAPES), load_cached(folder, SHAPES)
    assert loaded is not None
    assert again is not None
    assert all(isinstance(array, np.memmap) for array in loaded.values())
    loaded["y"][0] += 1
    assert np.array_equal(again["y"], ARRAYS["y"])


def test_nothing_else_is_left_in_the_folder(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["x.npy", "y.npy"]


def test_a_write_that_fails_leaves_nothing_half_written(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store_cached(folder, {"missing/x": ARRAYS["x"]})
    assert sorted(path.name for path in folder.iterdir()) == ["x.npy", "y.npy"]


def test_a_missing_folder(tmp_path: Path) -> None:
    assert load_cached(tmp_path / "nowhere", SHAPES) is None


def test_a_missing_array(folder: Path) -> None:
    (folder / "y.npy").unlink()
    assert load_cached(folder, SHAPES) is None


@pytest.mark.parametrize("size", [0, 5, 60, 130])
def test_a_truncated_array(folder: Path, size: int) -> None:
    path = folder / "x.npy"
    path.write_bytes(path.read_bytes()[:size])
    assert load_cached(folder, SHAPES) is None


@pytest.mark.parametrize(
    "damage", [b"\x00" * 128, b"no array at all", b"\x93NUMPY\x01\x00\x76\x00{" + b" " * 117]
)
def test_a_damaged_array(folder: Path, damage: bytes) -> None:
    path = folder / "x.npy"
    path.write_bytes(damage + path.read_bytes()[128:])
    assert load_cached(folder, SHAPES) is None


@pytest.mark.parametrize("other", [ARRAYS["x"].T, ARRAYS["x"].astype(np.int8)])
def test_an_array_of_another_shape_or_type(folder: Path, other: np.ndarray) -> None:
    store_cached(folder, {"x": other})
    assert load_cached(folder, SHAPES) is None


def test_the_cache_is_where_it_is_told_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALTITUDE_CACHE", str(tmp_path / "here"))
    assert cache_directory() == tmp_path / "here"


def test_the_cache_is_in_the_user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALTITUDE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "altitude"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "altitude"


STORE_AND_LOAD = """
import sys
from pathlib import Path
import numpy as np
from altitude.data.cache import load_cached, store_cached
folder, shape = Path(sys.argv[1]), (500, 1000)
array = np.full(shape, 7, np.uint8)
for _ in range(40):
    store_cached(folder, {"x": array})
    loaded = load_cached(folder, {"x": shape})
    assert loaded is not None and np.array_equal(loaded["x"], array)
"""


def test_processes_that_write_and_read_at_once_see_whole_arrays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STORE_AND_LOAD, str(tmp_path)]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
