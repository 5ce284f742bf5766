"""What is written of a state is what is read, and nothing else is."""

import json
import os
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from altitude.loops.position import Position
from altitude.training.checkpoint import load_state, save_state
from altitude.training.state import StateError, TrainingState


def state(**changes: object) -> TrainingState:
    generator = np.random.default_rng(0)
    settings = {
        "position": Position(3, 7),
        "variables": {
            "0 kernel": generator.normal(size=(5, 3)).astype("float32"),
            "1 count": np.array(12, "int64"),
            "2 seed": np.array([1, 2], "uint32"),
            "3 empty": np.zeros((0, 4), "float16"),
        },
        "metrics": {"0 total": np.array(0.1, "float32")},
        "trainable": {"0 model": True, "1 dense": False},
        "callbacks": {
            "0 EarlyStopping": {
                "best": 0.1 + 0.2,
                "wait": 2,
                "best_weights": [np.ones(3, "float32"), np.zeros((2, 2))],
                "note": None,
                "limits": [float("inf"), float("-inf")],
            }
        },
        "is_stopped": True,
    }
    return TrainingState(**(settings | changes))  # type: ignore[arg-type]


def assert_equal(one: object, other: object) -> None:
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, dict):
        assert isinstance(other, dict)
        assert list(one) == list(other)
        for name, value in one.items():
            assert_equal(value, other[name])
    elif isinstance(one, list):
        assert isinstance(other, list)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    else:
        assert one == other
        assert type(one) is type(other)


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = state()
    save_state(written, tmp_path / "run" / "state.npz")
    read = load_state(tmp_path / "run" / "state.npz")
    assert_equal(vars(written), vars(read))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["state.npz"]


def test_dtypes_that_numpy_does_not_know_are_read_as_they_were(tmp_path: Path) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.array([1.5, -2.0], ml_dtypes.bfloat16)
    save_state(state(variables={"0 kernel": values}), tmp_path / "state.npz")
    assert_equal(load_state(tmp_path / "state.npz").variables["0 kernel"], values)


def test_what_is_read_can_be_changed(tmp_path: Path) -> None:
    save_state(state(), tmp_path / "state.npz")
    load_state(tmp_path / "state.npz").variables["0 kernel"][0] = 0.0


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_recognised(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_state(state(), path)
    whole = load_state(path)
    content = bytearray(path.read_bytes())
    generator = random.Random(seed)
    if seed % 2:
        del content[generator.randrange(len(content)) :]
    else:
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.write_bytes(content)
    with suppress(StateError):
        # What was changed may be read by nobody, such as the time of an entry.
        assert_equal(vars(whole), vars(load_state(path)))


def test_half_a_file_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_state(state(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StateError, match=f"{path} is damaged"):
        load_state(path)


def test_a_missing_file_is_no_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "state.npz")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_state(state(), path)
    with np.load(path) as archive:
        entries = {name: archive[name] for name in archive.files}
    described = json.loads(entries["state"].tobytes()) | {"format": 0}
    entries["state"] = np.frombuffer(json.dumps(described).encode(), np.uint8)
    np.savez(path, **entries)
    with pytest.raises(StateError, match="another version"):
        load_state(path)


def test_reading_runs_no_code(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "harm"),)

    np.savez(tmp_path / "state.npz", state=np.array([Harmful()], dtype=object))
    with pytest.raises(StateError, match="damaged"):
        load_state(tmp_path / "state.npz")
    assert not (tmp_path / "harm").exists()


def test_what_cannot_be_written_leaves_the_file_of_before(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_state(state(), path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="get_state"):
        save_state(state(callbacks={"0 Mine": {"own": object()}}), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.npz"]
