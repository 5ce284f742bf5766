"""The heartbeat of a run, which also polls for a request to stop."""

import _thread
import threading

from mlflow.tracking import MlflowClient

from altitude.tracking.liveness import BEAT_SECONDS, now
from altitude.tracking.outbox import FAILURES
from altitude.tracking.tags import HEARTBEAT, STOP


class Heartbeat:
    """Writes the time into a tag of the run every few seconds, in a background thread.

    On a request to stop it interrupts the main thread, as Ctrl-C does.

    Args:
        uri: The store.
        run_id: The run.
    """

    def __init__(self, uri: str, run_id: str) -> None:
        self.asked_to_stop = ""
        self._uri = uri
        self._run_id = run_id
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread."""
        self._over.set()

    def _beat(self) -> None:
        client = MlflowClient(self._uri)
        while not self._over.wait(BEAT_SECONDS):
            try:
                client.set_tag(self._run_id, HEARTBEAT, now())
                self.asked_to_stop = client.get_run(self._run_id).data.tags.get(STOP, "")
            except FAILURES:
                continue  # a missed beat does no harm; the run itself reports a store that is gone
            if self.asked_to_stop:
                _thread.interrupt_main()
                return
