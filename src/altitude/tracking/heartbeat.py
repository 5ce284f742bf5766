"""A run that says that it is alive, and hears when it is asked to stop."""

import _thread
import threading

from mlflow.tracking import MlflowClient

from altitude.tracking.liveness import BEAT_SECONDS, now
from altitude.tracking.outbox import FAILURES
from altitude.tracking.tags import HEARTBEAT, STOP


class Heartbeat:
    """Writes the time into a tag of the run every few seconds, in a thread of its own.

    Asked to stop, it interrupts the main thread as Ctrl-C does.

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
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._over.set()

    def _beat(self) -> None:
        client = MlflowClient(self._uri)
        while not self._over.wait(BEAT_SECONDS):
            try:
                client.set_tag(self._run_id, HEARTBEAT, now())
                self.asked_to_stop = client.get_run(self._run_id).data.tags.get(STOP, "")
            except FAILURES:
                continue  # one beat is no harm; the run itself tells when the store is gone
            if self.asked_to_stop:
                _thread.interrupt_main()
                return
