"""Sends records to MLflow; those that fail are kept in a file and retried later."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

FAILURES = (MlflowException, SQLAlchemyError, OSError)
RETRY_AFTER = 60.0
"""Seconds before a store that failed is tried again while training goes on."""


class Outbox:
    """A queue of records for a store that may fail.

    Args:
        path: The file for what could not be sent, one JSON object a line.
        answers: Whether the store answers: asked after a failure, to tell a store that is down from
            one that refuses a record.
    """

    def __init__(self, path: Path, answers: Callable[[], bool]) -> None:
        self.path = path
        self._answers = answers
        self.reason = ""
        self._waiting: list[tuple[Mapping[str, Any], Callable[[], object]]] = []
        self._retry_at = 0.0

    @property
    def waiting(self) -> int:
        """The number of records that have not been sent."""
        return len(self._waiting)

    def send(
        self, record: Mapping[str, Any], call: Callable[[], object], *, now: bool = False
    ) -> None:
        """Sends a record after those that wait, or lets it wait with them.

        Args:
            record: The data that are sent, as plain values for the file.
            call: Sends it.
            now: Try at once, even if the store has just failed.
        """
        self._waiting.append((record, call))
        if now or time.monotonic() >= self._retry_at:
            self._flush()
        else:
            self._write()

    def _flush(self) -> None:
        """Sends all that wait, in order, until the store no longer answers."""
        had_failed = bool(self.reason)
        position = 0
        while position < len(self._waiting):
            try:
                self._waiting[position][1]()
            except FAILURES as error:
                self._failed(error)
                position += 1
                if not self._answers():
                    break
            else:
                del self._waiting[position]
        if self._waiting or had_failed:
            self._write()

    def _failed(self, error: Exception) -> None:
        self.reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        self._retry_at = time.monotonic() + RETRY_AFTER

    def _write(self) -> None:
        if not self._waiting:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(record) for record, _ in self._waiting]
        self.path.write_text("\n".join(lines) + "\n")
