import os
import shutil
from pathlib import Path

import pytest

from altitude import DataError, Problem
from altitude.data.image_files import fingerprint, list_images


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def problem_of(folder: Path) -> Problem:
    with pytest.raises(DataError) as raised:
        list_images(folder)
    assert raised.value.problem is not None
    return raised.value.problem


def names(folder: Path, split: str = "train") -> list[str]:
    return [Path(file.path).name for file in list_images(folder).splits[split]]


def test_folders_are_classes(tmp_path: Path) -> None:
    listing = list_images(touch(tmp_path, "dog/1.jpg", "cat/2.PNG", "cat/3.gif"))
    assert listing.class_names == ("cat", "dog")
    found = {(Path(file.path).name, file.label) for file in listing.splits["train"]}
    assert found == {("1.jpg", 1), ("2.PNG", 0), ("3.gif", 0)}


def test_folders_of_splits(tmp_path: Path) -> None:
    files = [f"{split}/{name}/1.jpg" for split in ("Train", "val", "test") for name in ("a", "b")]
    listing = list_images(touch(tmp_path, *files))
    assert {split: len(found) for split, found in listing.splits.items()} == {
        "train": 2,
        "validation": 2,
        "test": 2,
    }


def test_every_slice_has_its_share_of_each_class(tmp_path: Path) -> None:
    many = [f"many/{number}.jpg" for number in range(90)]
    few = [f"few/{number}.jpg" for number in range(30)]
    files = list_images(touch(tmp_path, *many, *few)).splits["train"]
    for start in range(0, 120, 20):
        assert sum(file.label == 0 for file in files[start : start + 20]) == 5


def test_the_order_is_the_same_in_another_place(tmp_path: Path) -> None:
    files = [f"{name}/{number}.jpg" for name in "ab" for number in range(20)]
    here, there = touch(tmp_path / "here", *files), touch(tmp_path / "there", *reversed(files))
    assert names(here) == names(there)
    assert names(here) != sorted(names(here))


def test_odd_names_are_names(tmp_path: Path) -> None:
    odd = ("a/ü b.jpg", "a/line\nbreak.jpg", "b/'$(rm -rf)`.jpg", "b/deeper/still/1.jpg")
    assert len(names(touch(tmp_path, *odd))) == 4
    undecodable = os.fsdecode(b"\xff.jpg")
    assert undecodable in names(touch(tmp_path, f"a/{undecodable}"))


def test_links_to_classes_and_images(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "1.jpg")
    folder = touch(tmp_path / "photos", "b/2.jpg")
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    (folder / "b" / "3.jpg").symlink_to(tmp_path / "elsewhere" / "1.jpg")
    (folder / "b" / "circle").symlink_to(folder)
    assert sorted(names(folder)) == ["1.jpg", "2.jpg", "3.jpg"]


def test_hidden_and_other_files_are_left_out(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a/1.jpg", "b/2.jpg", "a/notes.txt", "a/._1.jpg", ".cache/x/3.jpg")
    assert sorted(names(folder)) == ["1.jpg", "2.jpg"]


def test_an_image_that_is_added_is_found(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a/1.jpg", "b/2.jpg")
    assert len(names(folder)) == 2
    touch(folder, "b/3.jpg")
    assert len(names(folder)) == 3


def test_the_fingerprint_changes_with_files_and_settings(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a/1.jpg", "b/2.jpg")
    before = list_images(folder).splits["train"]
    assert fingerprint(before, 8) == fingerprint(before, 8)
    assert fingerprint(before, 8) != fingerprint(before, 9)
    (folder / "a" / "1.jpg").write_bytes(b"changed")
    os.utime(folder / "a")
    assert fingerprint(list_images(folder).splits["train"], 8) != fingerprint(before, 8)


def test_no_folder(tmp_path: Path) -> None:
    assert "no folder" in problem_of(tmp_path / "photos").given


def test_images_without_classes(tmp_path: Path) -> None:
    folder = touch(tmp_path / "photos", "1.jpg")
    problem = problem_of(folder)
    assert problem.given == f"{folder}, in which no folder is a class"
    assert "cat" in problem.instead


def test_the_folder_of_a_class(tmp_path: Path) -> None:
    folder = touch(tmp_path / "photos", "cat/1.jpg", "dog/1.jpg")
    assert problem_of(folder / "cat").instead == f"dataset.path={folder}"


def test_a_single_class(tmp_path: Path) -> None:
    assert problem_of(touch(tmp_path, "a/1.jpg")).given.endswith("no folder but a is a class")


def test_a_class_without_images(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a/1.jpg", "b/2.jpg", "c/notes.txt")
    assert problem_of(folder).given == "the folder c without an image"


def test_a_class_that_training_never_sees(tmp_path: Path) -> None:
    folder = touch(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "test/cats/1.jpg")
    problem = problem_of(folder)
    assert (problem.given, problem.instead) == ("test/cats", "did you mean `cat`?")
    shutil.rmtree(folder / "test" / "cats")
    touch(folder, "test/cat/1.jpg")
    assert len(list_images(folder).splits["test"]) == 1
