"""Polls the status of a sweep's jobs while they run, and updates the display."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Self

from altitude.errors import TrackingError
from altitude.sweeps.job_record import JobRecord
from altitude.sweeps.run.display import SweepDisplay
from altitude.sweeps.run.progress import Progress
from altitude.sweeps.store.sweep_store import SweepStore, counts_of

LOOK_SECONDS = 1.0
SHARE = 0.05
"""How much of the time may be spent on looking: a slow store is asked less often."""


class SweepMonitor:
    """Polls the store periodically, in a thread of its own.

    Args:
        sweep_store: The records of the jobs.
        display: The display to update.
        progress: The state of the sweep when this launch begins.
        stop_on_failure: Called with the records that were read.
        to_repeat: Returns the identities of the jobs that are run again if they fail.
    """

    def __init__(
        self,
        sweep_store: SweepStore,
        display: SweepDisplay,
        progress: Progress,
        stop_on_failure: Callable[[Sequence[JobRecord]], None],
        to_repeat: Callable[[], Collection[str]],
    ) -> None:
        self._sweep_store = sweep_store
        self._display = display
        self._progress = progress
        self._stop_on_failure = stop_on_failure
        self._to_repeat = to_repeat
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Self:
        self._display.start()
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._thread.join()
        self._try(lambda: self._show(()))  # nothing is run again now
        self._display.close()

    def expect(self, total: int) -> None:
        """Sets the number of jobs, when a search has found out that it needs fewer.

        Args:
            total: The number of jobs in all.
        """
        with self._one_at_a_time:
            self._progress = replace(self._progress, total=total)

    def look(self) -> None:
        """Reads the store once."""
        to_repeat = self._to_repeat()  # before the records, which could be of a later attempt
        self._stop_on_failure(self._show(to_repeat))

    def _show(self, to_repeat: Collection[str]) -> list[JobRecord]:
        with self._one_at_a_time:
            records = self._sweep_store.records()
            self._progress = self._progress.advanced(records, to_repeat)
            self._display.update(self._progress)
            known = list(records.values())
            self._sweep_store.count(counts_of(known, self._progress.total, self._progress.skipped))
        return known

    def _poll(self) -> None:
        pause = LOOK_SECONDS
        while not self._over.wait(pause):
            began = time.monotonic()
            self._try(self.look)
            pause = max(LOOK_SECONDS, (time.monotonic() - began) / SHARE)

    def _try(self, look: Callable[[], object]) -> None:
        """Looks, and shows why if the store does not answer."""
        try:
            look()
        except TrackingError as error:
            self._display.note(str(error))
