"""A run keeps its newest two states, whole, whatever happens while they are written."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from altitude.loops.position import Position
from altitude.training.resume_points import (
    FOLDER,
    ResumePoints,
    has_point,
    newest_point,
    remove_points,
)
from altitude.training.state import StateError, TrainingState

KILLED_WHILE_WRITING = """
import sys
from pathlib import Path
import numpy as np
from altitude.loops.position import Position
from altitude.training.resume_points import ResumePoints
from altitude.training.state import TrainingState

points = ResumePoints(Path(sys.argv[1]), {})
for epoch in range(1, 10_000):
    points.put(TrainingState(Position(epoch), {"kernel": np.full((512, 512), epoch, "float32")}))
    points.finish()
    print(epoch, flush=True)
"""


def state(epoch: int, size: int = 3) -> TrainingState:
    return TrainingState(Position(epoch), {"kernel": np.full(size, epoch, "float32")})


def write(folder: Path, *epochs: int) -> None:
    points = ResumePoints(folder, {"run_id": "abc"})
    for epoch in epochs:
        points.put(state(epoch))
        points.finish()
    points.close()


def test_the_newest_point_is_read_with_what_it_says_of_the_run(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, 3)
    point = newest_point(tmp_path)
    assert point.state.position == Position(3)
    assert point.state.variables["kernel"].tolist() == [3, 3, 3]
    assert point.about == {"run_id": "abc"}
    assert point.notice == ""


def test_the_point_before_is_read_where_the_newest_is_damaged(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, 3)
    newest = tmp_path / FOLDER / "point.npz"
    newest.write_bytes(newest.read_bytes()[:-200])
    point = newest_point(tmp_path)
    assert point.state.position == Position(2)
    assert "point.npz is damaged" in point.notice


def test_no_point_is_read_where_all_are_damaged(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    for path in (tmp_path / FOLDER).iterdir():
        path.write_bytes(b"PK")
    with pytest.raises(StateError, match="there is no other resume point"):
        newest_point(tmp_path)


def test_a_run_without_points_says_so(tmp_path: Path) -> None:
    assert not has_point(tmp_path)
    with pytest.raises(FileNotFoundError, match="has no resume point"):
        newest_point(tmp_path)


def test_points_are_removed_with_their_folder(tmp_path: Path) -> None:
    write(tmp_path, 1)
    assert has_point(tmp_path)
    remove_points(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_state_takes_the_place_of_one_that_waits(tmp_path: Path) -> None:
    points = ResumePoints(tmp_path, {})
    for epoch in range(1, 50):
        points.put(state(epoch, size=100_000))
    points.close()
    assert newest_point(tmp_path).state.position == Position(49)


def test_a_disk_that_is_full_costs_the_newest_point_alone(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk])
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        points = ResumePoints(disk, {})
        points.put(state(1))
        points.finish()
        points.put(state(2, size=100_000))
        with pytest.warns(UserWarning, match="could not be written.*No space left"):
            points.finish()
        was_failing = points.is_failing
        assert newest_point(disk).state.position == Position(1)
        points.put(state(3))
        points.finish()
        assert (was_failing, points.is_failing) == (True, False)
        points.close()
        assert newest_point(disk).state.position == Position(3)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_point(tmp_path: Path) -> None:
    for kill in range(5):
        folder = tmp_path / str(kill)
        command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            written = [int(process.stdout.readline()) for _ in range(3 + kill)][-1]
            process.send_signal(signal.SIGKILL)
            written = [written, *map(int, process.stdout.read().split())][-1]
        point = newest_point(folder)
        assert point.notice == ""
        assert point.state.position.epoch >= written
        assert np.all(point.state.variables["kernel"] == point.state.position.epoch)


def test_a_state_that_cannot_be_written_costs_neither_the_training_nor_the_next_point(
    tmp_path: Path,
) -> None:
    points = ResumePoints(tmp_path, {})
    points.put(TrainingState(Position(1), {}, callbacks={"0 Mine": {"own": object()}}))
    with pytest.warns(UserWarning, match="the state of a callback holds object"):
        points.finish()
    points.put(state(2))
    points.close()
    assert newest_point(tmp_path).state.position == Position(2)
