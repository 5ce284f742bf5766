"""Processes that run the jobs of a sweep, each on cores of its own.

A process that dies costs the job that it was running, and no other.
"""

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cloudpickle

from altitude.failures import failure_reason

LOOK_SECONDS = 1.0
"""How often a silent process is polled."""

Task = Callable[[], Any]
"""What a worker does; it is pickled by value."""


def nothing() -> None:
    """No-op, for workers without a `warm_up`."""


@dataclass(frozen=True)
class TaskResult:
    """The result of a task.

    Attributes:
        value: The value that it returned.
        failure: The reason why it failed; empty if it did not.
    """

    value: Any = None
    failure: str = ""


class Workers:
    """A number of processes, started when they are needed and kept until the end.

    Args:
        count: The number of processes.
        folder: The folder for their output, a file for each.
        warm_up: A function that each calls first, whatever its tasks are, such as heavy imports.
    """

    def __init__(self, count: int, folder: Path, warm_up: Task = nothing) -> None:
        prepared = cloudpickle.dumps(warm_up)
        self._workers = [
            _Worker(cores, folder / f"worker-{number}.log", prepared)
            for number, cores in enumerate(shared_cores(count))
        ]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def start(self, count: int) -> None:
        """Starts some of the processes before there is anything to do.

        Args:
            count: The number of processes, at most all of them.
        """
        for worker in self._workers[:count]:
            worker.start()

    def run(self, tasks: Sequence[Task], listen: Callable[[int, TaskResult], None]) -> None:
        """Runs tasks, as many at a time as there are workers.

        Args:
            tasks: The functions to call.
            listen: Called in this thread with the position of a task and its result, as each ends.

        Raises:
            KeyboardInterrupt: When it arrives here, or from `listen`; running tasks are interrupted
                in the same way first, and have ended.
        """
        with ThreadPoolExecutor(len(self._workers)) as threads:
            futures = {threads.submit(self._result_of, task): n for n, task in enumerate(tasks)}
            try:
                for future in as_completed(futures):
                    listen(futures[future], future.result())
            except KeyboardInterrupt:
                for future in futures:
                    future.cancel()
                for worker in self._workers:
                    worker.interrupt()
                raise

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.dismiss()
        for worker in self._workers:
            worker.join()

    def _result_of(self, task: Task) -> TaskResult:
        worker = self._idle.get()
        try:
            return worker.run(cloudpickle.dumps(task))
        finally:
            self._idle.put(worker)


def shared_cores(count: int) -> list[set[int]]:
    """Divides the cores of this process among workers; each gets at least one.

    Args:
        count: The number of workers.

    Returns:
        The numbers of the cores of each worker.
    """
    cores = sorted(os.sched_getaffinity(0))
    each = max(1, len(cores) // count)
    return [{cores[(n * each + i) % len(cores)] for i in range(each)} for n in range(count)]


class _Worker:
    def __init__(self, cores: set[int], log: Path, warm_up: bytes) -> None:
        self._cores = cores
        self._log = log
        self._warm_up = warm_up
        self._was_needed = False
        self._process: Any = None
        self._connection: Connection | None = None

    def run(self, task: bytes) -> TaskResult:
        connection = self.start()
        self._was_needed = True
        try:
            connection.send_bytes(task)
            while not connection.poll(LOOK_SECONDS):
                if not self._process.is_alive():  # what it left behind may hold the other end open
                    return TaskResult(failure=self._death())
            result: TaskResult = pickle.loads(connection.recv_bytes())  # noqa: S301 - our own process
        except (EOFError, OSError):
            return TaskResult(failure=self._death())
        return result

    def interrupt(self) -> None:
        if self._process is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGINT)

    def dismiss(self) -> None:
        if self._connection is not None:
            self._connection.close()
            if not self._was_needed:  # it may be in the middle of its imports
                self._process.kill()

    def join(self) -> None:
        if self._process is not None:
            self._process.join()

    def start(self) -> Connection:
        if self._connection is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._cores, self._log, self._warm_up)
            )
            self._process.start()
            theirs.close()
        return self._connection

    def _death(self) -> str:
        self._process.join()
        status = self._process.exitcode
        if status >= 0:
            return f"its process exited with status {status}; see {self._log}"
        name = signal.Signals(-status).name
        hint = ", as the kernel does when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}; see {self._log}"


def _serve(connection: Connection, cores: set[int], log: Path, warm_up: bytes) -> None:
    """The life of a worker: tasks come in, results go out."""
    os.setsid()  # Ctrl-C reaches the parent alone, which passes it on once
    os.sched_setaffinity(0, cores)  # which TensorFlow takes for the number of its threads, too
    _write_to(log)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _done(pickle.loads(warm_up))  # noqa: S301 - from our parent; a task tells if it failed
        gc.freeze()  # what was imported stays: collections need not look through it
        for task in _tasks(connection):
            connection.send_bytes(_packed(_done(task)))
    gc.freeze()  # nor does the one at the end need to look through anything


def _tasks(connection: Connection) -> Iterator[Task]:
    while True:
        yield pickle.loads(connection.recv_bytes())  # noqa: S301 - from our parent


def _done(task: Task) -> TaskResult:
    try:
        return TaskResult(value=task())
    except KeyboardInterrupt as interrupt:
        return TaskResult(failure=str(interrupt) or "Ctrl-C")
    except BaseException as error:  # noqa: BLE001 - the parent reports it
        return TaskResult(failure=failure_reason(error))


def _packed(result: TaskResult) -> bytes:
    """A result as bytes; classes that the parent cannot import go with it."""
    try:
        packed: bytes = cloudpickle.dumps(result)
    except Exception as error:  # noqa: BLE001 - the parent reports it
        failure = f"what it returned cannot be sent: {failure_reason(error)}"
        packed = pickle.dumps(TaskResult(failure=failure))
    return packed


def _write_to(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())


def _end_with_parent() -> None:
    """Ends this process when its parent is gone: at once, since another launch may go on by now."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
