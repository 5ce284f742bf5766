"""Looks what becomes of the jobs of a sweep while they run, and shows it."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from altitude.display.sweep import SweepDisplay
from altitude.errors import TrackingError
from altitude.sweeps.ledger import Ledger, counts_of
from altitude.sweeps.outcome import Outcome

LOOK_SECONDS = 1.0
SHARE = 0.05
"""How much of the time may be spent on looking: a slow store is asked less often."""


class Watch:
    """Reads the ledger every so often, in a thread of its own.

    Args:
        ledger: What is known of the jobs.
        display: Where it is shown.
        total: How many jobs there are.
        skipped: How many of them were done before.
        heed: Called with what was read.
    """

    def __init__(
        self,
        ledger: Ledger,
        display: SweepDisplay,
        total: int,
        skipped: int,
        heed: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._ledger = ledger
        self._display = display
        self._total = total
        self._skipped = skipped
        self._heed = heed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._display.start(list(self._ledger.outcomes().values()))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._display.close()

    def expect(self, total: int) -> None:
        """Takes how many jobs there are, where a search has found out that it needs fewer."""
        self._total = total
        self._display.expect(total)

    def look(self) -> None:
        """Reads the ledger once."""
        outcomes = list(self._ledger.outcomes().values())
        self._display.update(outcomes)
        self._heed(outcomes)
        self._ledger.count(counts_of(outcomes, self._total, self._skipped))

    def _watch(self) -> None:
        pause = LOOK_SECONDS
        while not self._over.wait(pause):
            began = time.monotonic()
            try:
                self.look()
            except TrackingError as error:
                self._display.note(str(error))
            pause = max(LOOK_SECONDS, (time.monotonic() - began) / SHARE)
