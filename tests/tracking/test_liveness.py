import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from altitude.tracking import liveness
from altitude.tracking.liveness import SILENCE_SECONDS, is_alive, now, process_tags
from altitude.tracking.tags import HEARTBEAT, PROCESS


def tags_of(pid: int) -> dict[str, str]:
    """What that process would have said of itself."""
    machine = process_tags()[PROCESS].split(" ")[0]
    return {PROCESS: f"{machine} {pid} {psutil.Process(pid).create_time():.1f}"}


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_this_process_is_alive() -> None:
    assert is_alive(process_tags())
    assert abs(float(process_tags()[HEARTBEAT]) - time.time()) < 5


def test_a_process_is_dead_once_it_is_killed(child: subprocess.Popen[bytes]) -> None:
    tags = tags_of(child.pid)
    assert is_alive(tags)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert not is_alive(tags)  # nobody has waited for it yet
    child.wait()
    assert not is_alive(tags)
    assert not is_alive(tags | {HEARTBEAT: now()})  # here, the number of the process counts


def test_another_process_with_the_same_number_is_another(child: subprocess.Popen[bytes]) -> None:
    machine, pid, began = tags_of(child.pid)[PROCESS].split(" ")
    assert not is_alive({PROCESS: f"{machine} {pid} {float(began) - 60:.1f}"})


@pytest.mark.parametrize(
    ("seconds_ago", "alive"),
    [(0, True), (SILENCE_SECONDS - 10, True), (SILENCE_SECONDS + 1, False)],
)
def test_on_another_machine_the_heartbeat_counts(seconds_ago: float, alive: bool) -> None:
    tags = {PROCESS: f"elsewhere/boot/pid {os.getpid()} 1.0"}
    assert is_alive(tags | {HEARTBEAT: str(time.time() - seconds_ago)}) is alive


def test_on_another_machine_silence_is_death() -> None:
    assert not is_alive({PROCESS: "elsewhere/boot/pid 1 1.0"})


def test_a_boot_of_the_same_machine_is_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = process_tags() | {HEARTBEAT: "0"}
    monkeypatch.setattr(liveness, "_machine", lambda: "here/another-boot/pid")
    assert not is_alive(tags)
    assert is_alive(tags | {HEARTBEAT: now()})


def test_a_run_that_says_nothing_of_its_process_is_left_alone() -> None:
    assert is_alive({})
