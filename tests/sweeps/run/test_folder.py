import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from altitude.errors import ConfigError
from altitude.sweeps.run.folder import claimed_folder

CLAIM = """
import sys
from pathlib import Path
from altitude.sweeps.run.folder import claimed_folder
with claimed_folder(Path("sweep"), "mine") as folder:
    print(folder.name, flush=True)
    sys.stdin.read()  # until the others have theirs
"""


def test_a_folder_is_claimed_by_one_launch_at_a_time(tmp_path: Path) -> None:
    wanted = tmp_path / "multirun" / "today"
    with claimed_folder(wanted, "a") as first, claimed_folder(wanted, "a") as second:
        assert (first, second) == (wanted, tmp_path / "multirun" / "today-2")
    with claimed_folder(wanted, "a") as again:
        assert again == wanted


def test_a_folder_stays_that_of_its_sweep(tmp_path: Path) -> None:
    wanted = tmp_path / "sweep"
    found = []
    for owner in ("a", "b", "b", "a"):
        with claimed_folder(wanted, owner) as folder:
            found.append(folder.name)
    assert found == ["sweep", "sweep-2", "sweep-2", "sweep"]


def test_processes_that_start_at_once_have_a_folder_each(working_folder: Path) -> None:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CLAIM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=working_folder,
        )

    with ThreadPoolExecutor() as threads:
        processes = list(threads.map(lambda _: start(), range(4)))
    names = [process.stdout.readline().strip() for process in processes if process.stdout]
    for process in processes:
        process.communicate()
    assert sorted(names) == ["sweep", "sweep-2", "sweep-3", "sweep-4"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigError, match="a folder that can be written"),
        claimed_folder(tmp_path / "file" / "sweep", "mine"),
    ):
        pass
