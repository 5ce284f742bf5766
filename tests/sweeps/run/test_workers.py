import functools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from altitude.sweeps.run.workers import TaskResult, Workers, shared_cores
from tests.processes import start_python

PATIENCE = 20.0

PARENT = """
import os, signal, sys, time
from pathlib import Path
from altitude.sweeps.run.workers import Workers

def task():
    signal.signal(signal.SIGHUP, lambda *_: sys.exit())
    try:
        Path("worker").write_text(str(os.getpid()))
        time.sleep(60)
    finally:
        Path("last words").touch()

if __name__ == "__main__":
    Workers(1, Path("logs")).run([task], print)
"""


def wait_for(path: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while not path.exists() or not path.read_text():
        assert time.monotonic() < give_up, f"{path} was not written"
        time.sleep(0.02)


def whoami() -> tuple[int, set[int]]:
    print("said on the way", flush=True)
    return os.getpid(), os.sched_getaffinity(0)


def fail() -> None:
    raise ValueError("no such luck")


def leave_a_process_behind() -> None:
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(began: Path) -> None:
    began.write_text("now")
    time.sleep(60)


def results_of(workers: Workers, *tasks: Any) -> list[TaskResult]:
    found: dict[int, TaskResult] = {}
    workers.run(tasks, found.__setitem__)
    return [found[position] for position in range(len(tasks))]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def one(logs: Path) -> Iterator[Workers]:
    workers = Workers(1, logs)
    yield workers
    workers.close()


def test_a_process_is_kept_and_its_output_is_in_a_file(one: Workers, logs: Path) -> None:
    first, second = results_of(one, whoami, whoami)
    assert first.value == second.value
    assert first.value[0] != os.getpid()
    assert (logs / "worker-0.log").read_text().count("said on the way") == 2


@pytest.mark.parametrize(
    ("task", "failure"),
    [
        (fail, "ValueError: no such luck"),
        (functools.partial(sys.exit, 3), "SystemExit: 3"),
    ],
)
def test_what_a_task_raises_is_told_and_the_process_goes_on(
    task: Any, failure: str, one: Workers
) -> None:
    before, found, after = results_of(one, whoami, task, whoami)
    assert found == TaskResult(failure=failure)
    assert before.value == after.value


@pytest.mark.parametrize(
    ("task", "failure"),
    [
        (functools.partial(os._exit, 7), "its process exited with status 7"),
        (functools.partial(os.abort), "its process was ended by SIGABRT"),
        (leave_a_process_behind, "was ended by SIGKILL, as the kernel does when memory runs out"),
    ],
)
def test_a_process_that_dies_costs_one_task(
    task: Any, failure: str, one: Workers, logs: Path
) -> None:
    before, found, after = results_of(one, whoami, task, whoami)
    assert failure in found.failure
    assert str(logs / "worker-0.log") in found.failure
    assert after.value[0] != before.value[0]
    assert after.value[1] == before.value[1]


def test_an_interrupt_reaches_running_tasks_and_none_begins_after(tmp_path: Path) -> None:
    workers = Workers(1, tmp_path)
    began, later = tmp_path / "began", tmp_path / "later"
    heard: dict[int, TaskResult] = {}

    def interrupt(position: int, result: TaskResult) -> None:
        heard[position] = result
        wait_for(began)
        raise KeyboardInterrupt

    tasks: list[Any] = [whoami, functools.partial(sleep, began), functools.partial(sleep, later)]
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        workers.run(tasks, interrupt)
    workers.close()
    assert time.monotonic() - start < PATIENCE
    assert list(heard) == [0]
    assert not later.exists()


def test_workers_run_side_by_side_on_cores_of_their_own(tmp_path: Path) -> None:
    def meet(mine: Path, other: Path) -> set[int]:
        mine.write_text("here")
        give_up = time.monotonic() + PATIENCE
        while not other.exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        assert other.exists()
        return os.sched_getaffinity(0)

    a, b = tmp_path / "a", tmp_path / "b"
    workers = Workers(2, tmp_path)
    first, second = results_of(
        workers, functools.partial(meet, a, b), functools.partial(meet, b, a)
    )
    workers.close()
    assert (first.failure, second.failure) == ("", "")
    assert sorted([first.value, second.value], key=min) == sorted(shared_cores(2), key=min)


def say_who(path: Path) -> None:
    path.write_text(str(os.getpid()))


def test_a_process_warms_up_before_there_is_a_task(tmp_path: Path) -> None:
    workers = Workers(2, tmp_path, functools.partial(say_who, tmp_path / "warm"))
    workers.start(1)
    wait_for(tmp_path / "warm")
    (found,) = results_of(workers, whoami)
    workers.close()
    assert found.value[0] == int((tmp_path / "warm").read_text())


def test_a_process_that_cannot_warm_up_still_takes_tasks(tmp_path: Path) -> None:
    workers = Workers(1, tmp_path, fail)
    (found,) = results_of(workers, whoami)
    workers.close()
    assert found.failure == ""


def test_a_process_that_was_not_needed_is_not_waited_for(tmp_path: Path) -> None:
    def warm_up() -> None:
        say_who(tmp_path / "warm")
        time.sleep(60)

    workers = Workers(1, tmp_path, warm_up)
    workers.start(1)
    wait_for(tmp_path / "warm")
    start = time.monotonic()
    workers.close()
    assert time.monotonic() - start < PATIENCE
    assert not psutil.pid_exists(int((tmp_path / "warm").read_text()))


@pytest.mark.parametrize(
    ("cores", "count", "expected"),
    [
        ({0, 1, 2, 3}, 2, [{0, 1}, {2, 3}]),
        ({2, 5}, 2, [{2}, {5}]),
        ({0, 1, 2}, 2, [{0}, {1}]),
        ({4, 6}, 3, [{4}, {6}, {4}]),
        ({0, 1}, 1, [{0, 1}]),
    ],
)
def test_cores_are_shared_out(
    cores: set[int], count: int, expected: list[set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    assert shared_cores(count) == expected


def test_a_worker_ends_with_its_parent_and_writes_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    parent = start_python("parent.py", folder=tmp_path)
    wait_for(tmp_path / "worker")
    worker = psutil.Process(int((tmp_path / "worker").read_text()))
    parent.kill()
    parent.communicate()
    worker.wait(PATIENCE)
    assert not (tmp_path / "last words").exists()
