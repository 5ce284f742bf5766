import gzip
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from altitude import DataError
from altitude.data import FashionMnist, LabelSpec, Splits, fashion_mnist
from altitude.data.cache import store_cached
from altitude.data.fashion_mnist import FILES, SHAPES, decode, find_arrays

SMALLEST = FILES["y_test"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four published files, in a folder that tests may link to."""
    folder = tmp_path_factory.mktemp("published")
    for name, array in find_arrays().items():
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        content = gzip.compress(header + array.tobytes(), compresslevel=1)
        (folder / FILES[name]).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def cached(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled cache."""
    folder = tmp_path_factory.mktemp("cached")
    store_cached(folder / "fashion-mnist", decode(published))
    return folder


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for all places that are looked at; none of them is there, nor is a network."""
    monkeypatch.setenv("ALTITUDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion_mnist, "KERAS_CACHE", tmp_path / "keras")
    monkeypatch.setattr(fashion_mnist, "SYSTEM_COPY", tmp_path / "system")
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", refuse_download)
    return tmp_path


def refuse_download() -> None:
    raise OSError("URL fetch failure: network is unreachable\nand more")


def put(published: Path, folder: Path) -> Path:
    shutil.copytree(published, folder, copy_function=os.symlink)
    return folder


def put_damaged(published: Path, folder: Path) -> Path:
    path = put(published, folder) / SMALLEST
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-10])
    return path


def assert_complete(splits: Splits) -> None:
    assert splits.train.x.shape == SHAPES["x_train"]
    assert splits.test.x.shape == SHAPES["x_test"]
    assert np.bincount(splits.train.y).tolist() == [6000] * 10
    assert np.bincount(splits.test.y).tolist() == [1000] * 10


def test_the_real_data_is_found_on_this_machine() -> None:
    assert_complete(FashionMnist().load())


def test_it_stays_in_bytes() -> None:
    splits = FashionMnist().load()
    assert {a.dtype for s in (splits.train, splits.test) for a in (s.x, s.y)} == {np.dtype("uint8")}


def test_a_given_folder_comes_first(published: Path, cached: Path, places: Path) -> None:
    put(cached, places / "cache")
    damaged = put_damaged(published, places / "given")
    with pytest.raises(DataError, match=str(damaged)):
        FashionMnist(data_dir=places / "given").load()


def test_a_given_folder_is_enough(published: Path, places: Path) -> None:
    assert_complete(FashionMnist(data_dir=published).load())
    assert not (places / "cache").exists()


def test_a_given_folder_may_be_in_the_home_folder(
    published: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(places))
    put(published, places / "fashion")
    assert_complete(FashionMnist(data_dir=Path("~/fashion")).load())


def test_nowhere_else_is_looked_if_a_folder_is_given(published: Path, places: Path) -> None:
    put(published, places / "system")
    with pytest.raises(DataError, match=f"{places / 'given'} lacks {FILES['x_train']}"):
        FashionMnist(data_dir=places / "given").load()


def test_the_cache_comes_before_the_cache_of_keras(
    published: Path, cached: Path, places: Path
) -> None:
    put(cached, places / "cache")
    put_damaged(published, places / "keras")
    assert_complete(FashionMnist().load())


def test_the_cache_of_keras_comes_before_the_system(published: Path, places: Path) -> None:
    damaged = put_damaged(published, places / "keras")
    put(published, places / "system")
    with pytest.raises(DataError, match=str(damaged)):
        FashionMnist().load()


def test_the_system_comes_before_the_download(published: Path, places: Path) -> None:
    put(published, places / "system")
    assert_complete(FashionMnist().load())


def test_an_incomplete_copy_is_passed_over(published: Path, places: Path) -> None:
    (put(published, places / "keras") / SMALLEST).unlink()
    put(published, places / "system")
    assert_complete(FashionMnist().load())


def test_a_refused_download_lists_what_was_tried_and_the_ways_on(places: Path) -> None:
    with pytest.raises(DataError) as caught:
        FashionMnist().load()
    message = str(caught.value)
    for place in ("cache/fashion-mnist", "keras", "system"):
        assert f"{places / place}: not there" in message
    assert "dataset.data_dir: not given" in message
    assert "download through Keras: URL fetch failure: network is unreachable\n" in message
    assert all(file in message for file in FILES.values())
    assert "dataset.data_dir=..." in message
    assert "dataset=digits" in message


def test_a_download_refused_without_a_word(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_silently() -> None:
        raise TimeoutError

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", refuse_silently)
    with pytest.raises(DataError, match=r"download through Keras: TimeoutError\(\)"):
        find_arrays()
    assert list(places.iterdir()) == []


def test_the_second_time_it_comes_from_the_cache(published: Path, places: Path) -> None:
    first = put(published, places / "system")
    find_arrays()
    shutil.rmtree(first)
    arrays = find_arrays()
    assert all(isinstance(array, np.memmap) for array in arrays.values())
    assert_complete(FashionMnist().load())


def test_a_damaged_cache_is_rebuilt(published: Path, cached: Path, places: Path) -> None:
    shutil.copytree(cached, places / "cache")
    damaged = places / "cache" / "fashion-mnist" / "x_train.npy"
    size = damaged.stat().st_size
    os.truncate(damaged, size // 2)
    put(published, places / "system")
    assert_complete(FashionMnist().load())
    assert damaged.stat().st_size == size


def test_a_cache_that_cannot_be_written_is_no_hindrance(published: Path, places: Path) -> None:
    (places / "cache").write_text("no folder")
    put(published, places / "system")
    assert_complete(FashionMnist().load())


@pytest.mark.slow
def test_two_processes_fill_one_cache_at_once(published: Path, tmp_path: Path) -> None:
    put(published, tmp_path / ".keras" / "datasets" / "fashion-mnist")
    environment = os.environ | {"HOME": str(tmp_path), "ALTITUDE_CACHE": str(tmp_path / "cache")}
    script = "from altitude.data import FashionMnist; print(FashionMnist().load().fingerprint)"
    command = [sys.executable, "-c", script]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    fingerprints = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert fingerprints == {FashionMnist(data_dir=published).load().fingerprint}
    files = sorted(path.name for path in (tmp_path / "cache" / "fashion-mnist").iterdir())
    assert files == sorted(f"{name}.npy" for name in FILES)


def test_another_dataset_in_the_same_form_is_refused(published: Path, tmp_path: Path) -> None:
    path = put(published, tmp_path / "given") / SMALLEST
    path.unlink()
    path.write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 10000) + bytes(10000)))
    with pytest.raises(DataError, match=f"{path} is not the file published .* checksum"):
        decode(tmp_path / "given")


def test_a_wrong_shape_names_the_file(published: Path, tmp_path: Path) -> None:
    path = put(published, tmp_path / "given") / SMALLEST
    path.unlink()
    path.write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 7) + bytes(7)))
    with pytest.raises(DataError, match=f"{path} holds an array of shape"):
        decode(tmp_path / "given")


def test_what_is_declared_is_true() -> None:
    dataset = FashionMnist()
    splits = dataset.load()
    assert dataset.declared.num_examples == len(splits.train)
    assert dataset.declared.labels == LabelSpec("integer", int(splits.train.y.max()) + 1)
    assert dataset.name == "fashion_mnist"


def test_validation_is_the_last_5000_training_images() -> None:
    dataset = FashionMnist(limit=64)
    whole, splits = dataset.load(), dataset.split()
    assert splits.validation is not None
    assert np.array_equal(splits.validation.x, whole.train.x[55000:])
    assert np.array_equal(splits.train.x, whole.train.x[:64])
    assert len(splits.test) == 10000
