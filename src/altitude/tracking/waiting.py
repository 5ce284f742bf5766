"""Waiting for a store that does not answer, as a sweep and its jobs do."""

import time
import warnings

from altitude.errors import TrackingError
from altitude.tracking.store import require_answer, without_password

LONGEST_WAIT = 600.0
"""Seconds that a sweep waits for a store that does not answer, before it fails."""

PAUSE_SECONDS = 5.0
"""Seconds between two questions to a store that does not answer."""


def wait_for_answer(uri: str, seconds: float = LONGEST_WAIT) -> None:
    """Returns as soon as a store answers, which is at once for those that are no server.

    Args:
        uri: The URI of the store.
        seconds: The longest time to wait.

    Raises:
        TrackingError: If it has not answered in that time.
    """
    try:
        require_answer(uri)
    except TrackingError:
        store = without_password(uri)
        warnings.warn(f"the tracking server {store} does not answer: waiting for it", stacklevel=2)
        _keep_asking(uri, time.monotonic() + seconds)


def _keep_asking(uri: str, until: float) -> None:
    while True:
        try:
            return require_answer(uri)
        except TrackingError:
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE_SECONDS)
