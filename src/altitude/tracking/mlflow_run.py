"""A run in MLflow."""

import atexit
import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Param

from altitude.errors import TakenError, TrackingError
from altitude.tracking.config_files import write_config
from altitude.tracking.connection import Connection
from altitude.tracking.delivery import deliver, without_logged
from altitude.tracking.heartbeat import Heartbeat
from altitude.tracking.outbox import FAILURES, FILE, Outbox, read_records, write_records
from altitude.tracking.pages import open_instructions, run_page
from altitude.tracking.params import valid_name
from altitude.tracking.run import DESCRIPTION, RunDescription, Status
from altitude.tracking.store import require_answer, without_password
from altitude.tracking.tags import REASON

PARAMS_PER_CALL = 100


class MlflowRun:
    """An open run. See `altitude.tracking.run.Run`.

    Args:
        store: The connection to the tracking store.
        run_id: MLflow's id of the run.
        output_dir: The folder with the files of the run.
        heartbeat: Tags the run regularly as a sign that it is alive; None for none.
        described: Whether the user has given the run a description, which then stays.
        logged: The steps at which each metric has been logged before the run was resumed.
        flush_timeout: Seconds to wait, at the end, for what has not been sent.
    """

    def __init__(
        self,
        store: Connection,
        run_id: str,
        output_dir: Path,
        heartbeat: Heartbeat | None = None,
        *,
        described: bool = False,
        logged: Mapping[str, Collection[int]] | None = None,
        flush_timeout: float = 60.0,
    ) -> None:
        self.run_id = run_id
        self._client = store.client
        self._uri = store.uri
        self._experiment_id = store.experiment_id
        self._heartbeat = heartbeat
        self._described = described
        self._logged = {name: set(steps) for name, steps in (logged or {}).items()}
        self._output_dir = output_dir
        self._flush_timeout = flush_timeout
        self._outbox = Outbox(output_dir / FILE, partial(deliver, store.client), self._answers)
        self._environment = os.environ.get("MLFLOW_TRACKING_URI")
        self._surrounding = _active_run_id()

    @property
    def how_to_open(self) -> str:
        """The command that starts MLflow's UI, and the page of the run there."""
        return open_instructions(self._uri, run_page(self._experiment_id, self.run_id))

    @property
    def notice(self) -> str:
        """The data that have not reached the store, why, and where they are kept."""
        if not self._outbox.waiting:
            return ""
        count = self._outbox.waiting
        records = "1 record" if count == 1 else f"{count} records"
        store = without_password(self._uri)
        return (
            f"{records} could not be sent to {store} ({self._outbox.reason}); "
            f"kept in {self._outbox.path}, until `altitude sync` sends them"
        )

    @property
    def asked_to_stop(self) -> str:
        """The reason of a request to stop the run; empty if there was none."""
        return self._heartbeat.asked_to_stop if self._heartbeat else ""

    def begin(self, params: Mapping[str, str]) -> None:
        """Logs the parameters and makes this MLflow's active run.

        As the active run it receives what a user's callback logs with `mlflow.log_metric`.

        Args:
            params: The parameters of the run, by name.
        """
        batch = [Param(name, value) for name, value in params.items()]
        for first in range(0, len(batch), PARAMS_PER_CALL):
            self._client.log_batch(self.run_id, params=batch[first : first + PARAMS_PER_CALL])
        mlflow.set_tracking_uri(self._uri)
        # At exit, MLflow sets runs that are still open to FINISHED.
        atexit.register(self._close_at_exit)
        mlflow.start_run(run_id=self.run_id, nested=self._surrounding is not None)
        self._send_again()
        if self._heartbeat:
            self._heartbeat.start()

    def give_up(self, error: BaseException) -> None:
        """Closes a run that could not be opened completely, with the reason.

        Args:
            error: The exception that opening it has raised.
        """
        killed = isinstance(error, KeyboardInterrupt | TakenError)
        self.set_tags({REASON: str(error) or ("Ctrl-C" if killed else type(error).__name__)})
        self.close("KILLED" if killed else "FAILED")

    def log_config(self, description: RunDescription) -> None:
        """Logs the resolved config and the overrides, as files.

        Args:
            description: The run as it was configured.
        """
        for path in write_config(description):
            self.log_artifact(path)

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs metrics in one call with one timestamp, except at steps logged before."""
        now = int(time.time() * 1000)
        valid = {valid_name(name): value for name, value in metrics.items()}
        named = {n: value for n, value in valid.items() if step not in self._logged.get(n, ())}
        if not named:
            return
        self._send({"metrics": named, "step": step, "timestamp": now})

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """Logs a file in a folder of the run's artifacts."""
        place = None if folder == "." else folder
        self._send({"artifact": str(path)} | ({"folder": place} if place else {}))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags in one call."""
        if self._described:
            tags = {name: value for name, value in tags.items() if name != DESCRIPTION}
        self._send({"tags": dict(tags)})

    def close(self, status: Status) -> None:
        """Sends what is queued, ends the run, and restores MLflow's active run and tracking URI."""
        atexit.unregister(self._close_at_exit)
        if self._heartbeat:
            self._heartbeat.stop()
        self._send({"status": status, "timestamp": int(time.time() * 1000)})
        in_sweep = self._heartbeat is not None  # where the next job needs the store as well
        self._outbox.finish(self._flush_timeout, waits_for_store=in_sweep)
        # This run is still MLflow's active one, and so may be others that were begun inside it.
        while _active_run_id() not in (None, self._surrounding):
            with suppress(*FAILURES):  # it is removed from the stack all the same
                mlflow.end_run(status)
        mlflow.set_tracking_uri(self._environment)  # type: ignore[arg-type] # None unsets it

    def _close_at_exit(self) -> None:
        self.set_tags({REASON: "interrupted while the run was opened or closed"})
        self.close("KILLED")

    def _send(self, record: dict[str, Any]) -> None:
        self._outbox.send({"run_id": self.run_id, **record})

    def _send_again(self) -> None:
        """Sends what the run had not sent when it was killed, each metric once."""
        records = read_records(self._outbox.path)
        write_records(self._outbox.path, [])
        for record in records:
            if record.get("run_id") == self.run_id and "status" not in record:
                missing = without_logged(record, self._logged)
                self._outbox.send(missing)
                for name in missing.get("metrics", ()):  # training may come to this step again
                    self._logged.setdefault(name, set()).add(missing["step"])

    def _answers(self) -> bool:
        try:
            require_answer(self._uri)
        except TrackingError:
            return False
        return True


def _active_run_id() -> str | None:
    active = mlflow.active_run()
    return None if active is None else str(active.info.run_id)
