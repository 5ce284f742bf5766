"""200 damaged data files: each is a clear error, or loads as what it was."""

import gzip
import io
import resource
import struct
import time
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from altitude import DataError
from altitude.data import Npz, Splits
from altitude.data.arrays import Array
from altitude.data.cache import load_cached
from altitude.data.idx import read_idx

RANDOM = np.random.default_rng(10)
MEMORY = 1 << 30
"""Bytes of address space that loading a damaged file may take beyond what the process has."""

SHAPE = (30, 4)
ARRAYS: dict[str, Array] = {
    "x_train": RANDOM.normal(size=SHAPE).astype(np.float32),
    "y_train": np.arange(30) % 3,
    "x_test": RANDOM.normal(size=(9, 4)).astype(np.float32),
    "y_test": np.arange(9) % 3,
}
BYTES = RANDOM.integers(0, 256, SHAPE).astype(np.uint8)

ODD_TYPES: list[Array] = [
    RANDOM.normal(size=SHAPE).astype(np.complex64),
    np.zeros(SHAPE, "datetime64[s]"),
    np.zeros(SHAPE, "timedelta64[D]"),
    np.zeros(SHAPE, [("a", "f4"), ("b", "i4")]),
    np.zeros(SHAPE, [("ä", "f4")]),
    np.zeros(SHAPE, "V8"),
    np.zeros(SHAPE, "U3"),
    np.zeros(SHAPE, "S3"),
    np.zeros(SHAPE, object),
    np.zeros((30, 0)),
    np.zeros((0, 4)),
    np.zeros((30, 4, 0)),
    np.array(3.0),
    RANDOM.normal(size=SHAPE).astype(np.longdouble),
    np.full(SHAPE, np.nan),
    np.zeros(29),
]
HEADERS = [
    (b"(30, 4)", b"(-3, 4)"),
    (b"(30, 4)", b"(30,)  "),
    (b"(30, 4)", b"(9**9,)"),
    (b"(30, 4)", b"([1],4)"),
    (b"(30, 4), }     ", b"(30, 4000000), }"),
    (b"(30, 4), }              ", b"(30, 400000000000000), }"),
    (b"'<f4'", b"'<f8'"),
    (b"'<f4'", b"'|O8'"),
    (b"'<f4'", b"'no!'"),
    (b"'<f4'", b"'<U9'"),
    (b"'<f4', 'fort", b"'<f4' ,'furt"),
    (b"NUMPY\x01", b"NUMPY\x09"),
    (b"NUMPY\x01\x00v\x00", b"NUMPY\x01\x00\xff\xff"),
    (b"{'descr'", b"(((((((("),
]


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return content.getvalue()


def saved(array: Array) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def archive(method: int, **changes: bytes) -> bytes:
    return packed({name: saved(array) for name, array in ARRAYS.items()} | changes, method)


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1 << int(RANDOM.integers(8))
    return bytes(changed)


def damaged(content: bytes, times: int) -> Iterator[bytes]:
    """Truncated, and with single bits flipped."""
    for position in RANDOM.integers(1, len(content), times):
        yield content[:position]
    for position in RANDOM.integers(0, len(content), times):
        yield flipped(content, position)


def encrypted(content: bytes) -> bytes:
    """Says of every member that it is encrypted."""
    changed = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(signature)
        while start >= 0:
            changed[start + offset] |= 1
            start = changed.find(signature, start + 1)
    return bytes(changed)


def claiming(size: int, real: int) -> bytes:
    """A header that claims so many values, and so many real ones, all 0."""
    content = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (size // 4, 4)}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue() + bytes(4 * real)


def damaged_archives() -> Iterator[bytes]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        intact = archive(method)
        yield from damaged(intact, 24)
        yield encrypted(intact)
        yield archive(method, x_train=claiming(1 << 40, 100))
        for array in ODD_TYPES:
            yield archive(method, x_train=saved(array))
    for before, after in HEADERS:
        changed = saved(ARRAYS["x_train"]).replace(before, after, 1)
        yield archive(zipfile.ZIP_STORED, x_train=changed)
    yield packed({})
    yield saved(ARRAYS["x_train"])
    yield b""


def is_intact(found: Splits) -> bool:
    pairs = [(found.train, "train"), (found.test, "test")]
    return all(
        np.array_equal(split.x, ARRAYS[f"x_{name}"])
        and np.array_equal(split.y, ARRAYS[f"y_{name}"])
        for split, name in pairs
    )


@pytest.fixture
def little_memory() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_damaged_archives_are_refused_or_read_as_they_were(tmp_path: Path) -> None:
    refused = []
    archives = list(damaged_archives())
    for number, content in enumerate(archives):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        start = time.process_time()
        dataset = Npz(path=path, validation_size=0)
        problems = dataset.problems()
        assert all(problem.key == "dataset.path" for problem in problems)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                found = dataset.split()
        except DataError as error:
            refused.append(str(error))
        else:
            assert not problems
            assert is_intact(found), f"archive {number}"
        assert time.process_time() - start < 1
    assert len(archives) > 140
    assert len(refused) > 0.6 * len(archives)


def idx(shape: tuple[int, ...] = SHAPE, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + BYTES.tobytes()


def damaged_idx() -> Iterator[bytes]:
    yield from damaged(gzip.compress(idx(), mtime=0), 20)
    for content in (
        idx((3,)),
        idx((2**31, 2**31)),
        idx(kind=13),
        idx()[:7],
        idx() + bytes(1 << 26),
    ):
        yield gzip.compress(content, 1)
    yield b""


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_damaged_idx_files_are_refused_or_read_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    for content in damaged_idx():
        path.write_bytes(content)
        with suppress(DataError):
            assert np.array_equal(read_idx(path, SHAPE), BYTES)


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_damaged_arrays_in_the_cache_are_made_anew(tmp_path: Path) -> None:
    contents = [*damaged(saved(BYTES), 10), claiming(1 << 40, 100)]
    contents += [saved(BYTES).replace(*edit, 1) for edit in HEADERS]
    contents += [saved(array) for array in ODD_TYPES]
    for content in contents:
        (tmp_path / "x.npy").write_bytes(content)
        found = load_cached(tmp_path, {"x": SHAPE})
        assert found is None or (found["x"].shape == SHAPE and found["x"].dtype == np.uint8)


def test_a_bomb_is_refused_before_it_goes_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 100)
    path = tmp_path / "bomb.npz"
    path.write_bytes(archive(zipfile.ZIP_DEFLATED, x_train=claiming(1 << 20, 1 << 20)))
    with pytest.raises(DataError, match="arrays that fit into memory"):
        Npz(path=path).load()
