"""Sends records to MLflow in the background; those that fail wait in a file and are tried again."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

FAILURES = (MlflowException, SQLAlchemyError, OSError)
RETRY_AFTER = 15.0
"""Seconds before a store that does not answer is tried again while training goes on."""

RETRY_AT_THE_END = 2.0
"""Seconds before it is tried again when a run that waits for its store has ended."""

MOST_WAITING = 10_000
"""Records that wait in memory; what comes after them waits in the file alone."""

FILE = "unsent-tracking.jsonl"
"""The file in a run's folder with the records that have not reached the store."""

Record = Mapping[str, Any]
"""The data of one call, as plain values."""


class Outbox:
    """A queue of records, which a thread sends in order, so that training waits for no store.

    What waits is in a file from the beginning: a process that is killed loses nothing.

    Args:
        path: The file for what has not been sent, one JSON object a line.
        deliver: Sends a record.
        answers: Whether the store answers: asked after a failure, to tell a store that is down from
            one that refuses a record.
    """

    def __init__(
        self, path: Path, deliver: Callable[[Record], object], answers: Callable[[], bool]
    ) -> None:
        self.path = path
        self.reason = ""
        self._deliver = deliver
        self._answers = answers
        self._queue: deque[Record] = deque()
        self._refused: list[Record] = []
        self._in_file_alone = 0
        self._retry_at = 0.0
        self._is_closing = self._waits_for_store = self._has_given_up = False
        self._bug: Exception | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """The number of records that have not been sent."""
        return len(self._queue) + len(self._refused) + self._in_file_alone

    def send(self, record: Record) -> None:
        """Queues a record behind those that wait.

        Args:
            record: The data to send.

        Raises:
            Exception: A mistake in the program that an earlier record has met with.
        """
        with self._changed:
            self._raise_bug()
            self._append(record)
            if len(self._queue) >= MOST_WAITING:
                self._in_file_alone += 1
                return
            self._queue.append(record)
            self._start()
            self._changed.notify_all()

    def finish(self, seconds: float, *, waits_for_store: bool = False) -> None:
        """Tries at once what waits, and returns when all is sent, or the time is over.

        Args:
            seconds: The longest time to wait.
            waits_for_store: Whether a store that does not answer is asked again in that time.

        Raises:
            Exception: A mistake in the program that a record has met with.
        """
        with self._changed:
            self._is_closing, self._waits_for_store = True, waits_for_store
            self._retry_at = 0.0
            self._queue.extendleft(reversed(self._refused))
            self._refused.clear()
            self._start()
            self._changed.notify_all()
            try:
                self._changed.wait_for(self._is_over, seconds)
            finally:
                self._has_given_up = True
                self._changed.notify_all()
                self._write()
            self._raise_bug()

    def _is_over(self) -> bool:
        return not self._queue or self._has_given_up or self._bug is not None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tracking", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while (record := self._next()) is not None:
                self._try(record)
        except Exception as bug:  # noqa: BLE001 - raised in the thread that sends
            with self._changed:
                self._bug = bug
                self._changed.notify_all()

    def _next(self) -> Record | None:
        """Waits for the next record that may be sent; None at the end."""
        with self._changed:
            while not self._has_given_up:
                pause = self._retry_at - time.monotonic()
                if self._queue and pause <= 0:
                    return self._queue[0]
                self._changed.wait(pause if self._queue else None)
        return None

    def _try(self, record: Record) -> None:
        try:
            self._deliver(record)
        except FAILURES as error:
            self._failed(record, str(error) or type(error).__name__, answers=self._answers())
        else:
            with self._changed:
                self._queue.popleft()
                if not self.waiting:
                    self.path.unlink(missing_ok=True)
                self._changed.notify_all()

    def _failed(self, record: Record, reason: str, *, answers: bool) -> None:
        with self._changed:
            self.reason = reason.splitlines()[0]
            if answers:  # it refuses this record, and may take the others
                self._queue.popleft()
                self._refused.append(record)
            else:
                pause = RETRY_AT_THE_END if self._is_closing else RETRY_AFTER
                self._retry_at = time.monotonic() + pause
                self._has_given_up = self._is_closing and not self._waits_for_store
            self._changed.notify_all()

    def _append(self, record: Record) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def _write(self) -> None:
        """Leaves in the file what waits, and nothing else."""
        if not self.waiting:
            self.path.unlink(missing_ok=True)
        elif not self._in_file_alone:
            write_records(self.path, [*self._refused, *self._queue])

    def _raise_bug(self) -> None:
        if self._bug is not None:
            raise self._bug


def read_records(path: Path) -> list[Record]:
    """Reads the records that an outbox has left.

    Args:
        path: The file, which need not be there.

    Returns:
        The records in their order, without a last one that was not written whole.
    """
    if not path.exists():
        return []
    records = []
    for line in path.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue  # the process was killed while it wrote this line
    return records


def write_records(path: Path, records: list[Record]) -> None:
    """Replaces the records of a file, and removes it if there are none.

    Args:
        path: The file.
        records: The records in their order.
    """
    if not records:
        path.unlink(missing_ok=True)
        return
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.write_text("".join(json.dumps(record) + "\n" for record in records))
    unfinished.replace(path)
