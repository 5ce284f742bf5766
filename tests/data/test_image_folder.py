import json
from pathlib import Path

import numpy as np
import pytest

from altitude import DataError
from altitude.data import Declared, ImageFolder, LabelSpec
from tests.data.images import encode, write_digits

CLASSES = ("zero", "one", "two")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALTITUDE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_digits(tmp_path / "photos", CLASSES, each=20)


def test_pixels_labels_and_splits(photos: Path) -> None:
    dataset = ImageFolder(path=photos, channels=1, validation_size=9)
    splits = dataset.split()
    assert splits.validation is not None
    assert [len(split) for split in splits.named().values()] == [45, 6, 9]
    for split in splits.named().values():
        assert np.bincount(split.y).tolist() == [len(split) // 3] * 3
    assert dataset.class_names == ("one", "two", "zero")
    assert dataset.declared == Declared(LabelSpec("integer", 3), 54)
    assert dataset.name == "photos"


def test_images_are_what_was_written(photos: Path) -> None:
    first = next((photos / "one").iterdir())
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    first.write_bytes(encode(pixels))
    splits = ImageFolder(path=photos, channels=1, test_size=1).load()
    assert sum(np.array_equal(image, pixels) for image in splits.train.x) == 1
    colour = ImageFolder(path=photos, test_size=1).load()
    assert sum(np.array_equal(image, pixels.repeat(3, -1)) for image in colour.train.x) == 1


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_images_of_several_sizes_are_resized(tmp_path: Path, suffix: str) -> None:
    photos = write_digits(tmp_path / "photos", CLASSES, 4, suffix)
    wide = np.full((10, 30, 1), 200, np.uint8)
    wide[:, :10] = 0
    (photos / "one" / f"wide{suffix}").write_bytes(encode(wide, suffix))
    assert ImageFolder(path=photos).load().train.x.shape[1:] == (128, 128, 3)
    cropped = ImageFolder(path=photos, channels=1, image_size=(8, 8), crop=True).load()
    resized = ImageFolder(path=photos, channels=1, image_size=(8, 8)).load()
    darkest = [
        [int(image.min()) for split in (splits.train, splits.test) for image in split.x]
        for splits in (cropped, resized)
    ]
    assert max(darkest[0]) > 190  # what is black lies outside of the centre
    assert max(darkest[1]) < 190


def test_later_runs_map_what_was_decoded(photos: Path, cache: Path) -> None:
    decoded = ImageFolder(path=photos).load()
    written = {path: path.stat().st_mtime_ns for path in cache.rglob("*.npy")}
    again = ImageFolder(path=photos).load()
    assert isinstance(again.train.x, np.memmap)
    assert np.array_equal(again.train.x, decoded.train.x)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.npy")} == written


@pytest.mark.parametrize("name", ["x.npy", "unreadable.json"])
def test_a_damaged_cache_is_written_again(photos: Path, cache: Path, name: str) -> None:
    decoded = ImageFolder(path=photos).load()
    x = decoded.train.x.copy()
    for path in cache.rglob(name):
        path.write_bytes(path.read_bytes()[:100])
    assert np.array_equal(ImageFolder(path=photos).load().train.x, x)


def test_an_image_that_cannot_be_read(photos: Path) -> None:
    whole = photos / "one" / "0.png"
    whole.write_bytes(whole.read_bytes()[:60])
    (photos / "two" / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError) as raised:
        ImageFolder(path=photos).load()
    assert raised.value.problem is not None
    assert str(whole) in raised.value.problem.given
    assert str(photos / "two" / "1.png") in raised.value.problem.given
    assert "skip_corrupt=true" in raised.value.problem.instead


def test_images_that_cannot_be_read_are_left_out_when_asked(photos: Path, cache: Path) -> None:
    bad = photos / "two" / "1.png"
    bad.write_bytes(b"no image")
    for _ in range(2):  # decoded, and from the cache
        with pytest.warns(UserWarning, match="1 of 60 images are left out"):
            splits = ImageFolder(path=photos, skip_corrupt=True).load()
        assert len(splits.train) + len(splits.test) == 59
        assert len(splits.train.y) == len(splits.train.x)
    reports = [json.loads(path.read_bytes()) for path in cache.rglob("unreadable.json")]
    assert [name for report in reports for name in report] == [str(bad)]


def test_no_image_can_be_read(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError):
        ImageFolder(path=tmp_path, test_size=1).load()


def test_folders_of_splits(tmp_path: Path) -> None:
    for split, each in (("train", 6), ("val", 2), ("test", 3)):
        write_digits(tmp_path / split, CLASSES, each)
    dataset = ImageFolder(path=tmp_path)
    splits = dataset.load()
    assert {name: len(split) for name, split in splits.named().items()} == {
        "train": 18,
        "validation": 6,
        "test": 9,
    }
    assert dataset.declared == Declared(LabelSpec("integer", 3), 18, has_validation=True)
    (problem,) = ImageFolder(path=tmp_path, test_size=2).problems()
    assert problem.key == "dataset.test_size"


def test_nothing_left_to_train_on(photos: Path) -> None:
    (problem,) = ImageFolder(path=photos, test_size=60).problems()
    assert problem.key == "dataset.test_size"


def test_a_cache_that_cannot_be_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALTITUDE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="ALTITUDE_CACHE"):
        ImageFolder(path=photos).load()
