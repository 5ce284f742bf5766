"""A run in MLflow."""

import atexit
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import mlflow
import yaml
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.tracking.context.registry import resolve_tags

from altitude.errors import TakenError, TrackingError
from altitude.tracking.claim import claim
from altitude.tracking.connection import Connection, connect
from altitude.tracking.continued import (
    added_params,
    changed_params,
    logged_steps,
    missing_params,
)
from altitude.tracking.environment import take_run_id
from altitude.tracking.heartbeat import Heartbeat
from altitude.tracking.liveness import process_tags
from altitude.tracking.outbox import FAILURES, Outbox
from altitude.tracking.pages import open_instructions, run_page
from altitude.tracking.params import flatten, valid_name
from altitude.tracking.provenance import provenance
from altitude.tracking.run import DESCRIPTION, RunDescription, Status
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.settling import settle_single_runs
from altitude.tracking.store import require_answer, resolve_uri, without_password
from altitude.tracking.tags import FOLDER, REASON, RESUMED

PARAMS_PER_CALL = 100


def open_mlflow_run(
    settings: RunSettings, description: RunDescription, resumed: str | None = None
) -> "MlflowRun":
    """Opens a run, logs what is known of it, and makes it MLflow's active run.

    Args:
        settings: Where it is logged.
        description: What the run is.
        resumed: The id of the run that goes on from a resume point; None for a new run, or that of
            `$MLFLOW_RUN_ID`.

    Raises:
        TrackingError: If the store cannot be used.
        TakenError: If it is a job of a sweep that another run does.
    """
    uri = resolve_uri(settings.uri)
    try:
        run_id = take_run_id()
        chosen = None if settings.watched else run_id  # jobs are runs of a sweep
        store = connect(settings, resumed or chosen)
        params = flatten(_settings(description.portable_settings))
        if not settings.watched:
            settle_single_runs(store)
        if store.continued is None:
            run = _new_run(store, settings, description)
        elif resumed:
            params = added_params(store.continued, params)
            run = _resumed_run(store, store.continued, settings, description)
        else:
            params = missing_params(store.continued, params)
            run = _continued_run(store, store.continued, settings, description)
        heartbeat = Heartbeat(uri, run.info.run_id) if settings.watched else None
        theirs = {**settings.tags, **run.data.tags} if store.continued else settings.tags
        opened = MlflowRun(
            store,
            run.info.run_id,
            description.output_dir,
            heartbeat,
            described=DESCRIPTION in theirs,
            logged=logged_steps(store.client, run) if resumed else {},
        )
        with _given_up_on_error(opened):
            if settings.watched:
                claim(store, run)
            opened.begin(params)
    except FAILURES as error:
        raise TrackingError(
            f"the tracking store {without_password(uri)} cannot be used: {error}"
        ) from error
    with _given_up_on_error(opened):
        opened.log_config(description)
    return opened


def _new_run(store: Connection, settings: RunSettings, description: RunDescription) -> Run:
    name = settings.run_name or description.name
    # MLflow adds the user, the source and `$MLFLOW_RUN_CONTEXT`.
    tags = resolve_tags(_tags(description) | settings.tags)
    return store.client.create_run(store.experiment_id, run_name=name, tags=dict(tags))


def _continued_run(
    store: Connection, run: Run, settings: RunSettings, description: RunDescription
) -> Run:
    """The run with our tags; it keeps its name, unless another one is given, and its source."""
    tags = {**_tags(description), **settings.tags, REASON: ""}
    batch = [RunTag(name, value) for name, value in tags.items()]
    store.client.log_batch(run.info.run_id, tags=batch)
    if settings.run_name:
        store.client.update_run(run.info.run_id, name=settings.run_name)
    return run


def _resumed_run(
    store: Connection, run: Run, settings: RunSettings, description: RunDescription
) -> Run:
    """The run with our tags, and how often it has gone on; settings that changed are tags, too."""
    times = int(run.data.tags.get(RESUMED, 0)) + 1
    changed = changed_params(run, flatten(_settings(description.portable_settings)))
    tags = {f"{RESUMED}.{name}": value for name, value in changed.items()}
    with_tags = replace(settings, tags={**settings.tags, **tags, RESUMED: str(times)})
    return _continued_run(store, run, with_tags, description)


@contextmanager
def _given_up_on_error(opened: "MlflowRun") -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        opened.give_up(error)
        raise


class MlflowRun:
    """An open run. See `altitude.tracking.run.Run`.

    Args:
        store: Where it is.
        run_id: MLflow's id of the run.
        output_dir: Folder with the files of the run.
        heartbeat: Tells others that the run is alive; None if nobody asks.
        described: Whether the user has given the run a description, which then stays.
        logged: The steps at which each metric has been logged before the run was resumed.
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
    ) -> None:
        self.run_id = run_id
        self._client = store.client
        self._uri = store.uri
        self._experiment_id = store.experiment_id
        self._heartbeat = heartbeat
        self._described = described
        self._logged = logged or {}
        self._output_dir = output_dir
        self._outbox = Outbox(output_dir / "unsent-tracking.jsonl", self._answers)
        self._environment = os.environ.get("MLFLOW_TRACKING_URI")
        self._surrounding = _active_run_id()

    @property
    def how_to_open(self) -> str:
        """The command that starts MLflow's UI, and the page of the run there."""
        return open_instructions(self._uri, run_page(self._experiment_id, self.run_id))

    @property
    def notice(self) -> str:
        """What has not reached the store, why, and where it is kept."""
        if not self._outbox.waiting:
            return ""
        count = self._outbox.waiting
        records = "1 record" if count == 1 else f"{count} records"
        store = without_password(self._uri)
        return (
            f"{records} could not be sent to {store} ({self._outbox.reason}); "
            f"kept in {self._outbox.path}"
        )

    @property
    def asked_to_stop(self) -> str:
        """Why the run was asked to stop from outside; empty if it was not."""
        return self._heartbeat.asked_to_stop if self._heartbeat else ""

    def begin(self, params: Mapping[str, str]) -> None:
        """Logs the parameters and makes this MLflow's active run.

        As the active run it receives what a user's callback logs with `mlflow.log_metric`.
        """
        batch = [Param(name, value) for name, value in params.items()]
        for first in range(0, len(batch), PARAMS_PER_CALL):
            self._client.log_batch(self.run_id, params=batch[first : first + PARAMS_PER_CALL])
        mlflow.set_tracking_uri(self._uri)
        # MLflow would call a run that nobody has closed at the end of the process FINISHED.
        atexit.register(self._close_at_exit)
        mlflow.start_run(run_id=self.run_id, nested=self._surrounding is not None)
        if self._heartbeat:
            self._heartbeat.start()

    def give_up(self, error: BaseException) -> None:
        """Closes a run that could not be opened to the end, with the reason."""
        killed = isinstance(error, KeyboardInterrupt | TakenError)
        self.set_tags({REASON: str(error) or ("Ctrl-C" if killed else type(error).__name__)})
        self.close("KILLED" if killed else "FAILED")

    def log_config(self, description: RunDescription) -> None:
        """Logs the resolved config and the overrides, as files."""
        self._output_dir.mkdir(parents=True, exist_ok=True)
        config = self._output_dir / "config.yaml"
        config.write_text(yaml.safe_dump(_settings(description.settings), sort_keys=False))
        overrides = self._output_dir / "overrides.yaml"
        overrides.write_text(yaml.safe_dump(list(description.overrides)))
        self.log_artifact(config)
        self.log_artifact(overrides)

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs metrics in one call, with one timestamp; none a second time at one step."""
        now = int(time.time() * 1000)
        valid = {valid_name(name): value for name, value in metrics.items()}
        named = {n: value for n, value in valid.items() if step not in self._logged.get(n, ())}
        if not named:
            return
        batch = [Metric(name, value, now, step) for name, value in named.items()]
        record = {"metrics": named, "step": step, "timestamp": now}
        self._send(record, lambda: self._client.log_batch(self.run_id, metrics=batch))

    def log_artifact(self, path: Path, folder: str = ".") -> None:
        """Logs a file in a folder of the run's artifacts."""
        place = None if folder == "." else folder
        record = {"artifact": str(path)} | ({"folder": place} if place else {})
        self._send(record, lambda: self._client.log_artifact(self.run_id, str(path), place))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags in one call."""
        if self._described:
            tags = {name: value for name, value in tags.items() if name != DESCRIPTION}
        batch = [RunTag(name, value) for name, value in tags.items()]
        self._send({"tags": dict(tags)}, lambda: self._client.log_batch(self.run_id, tags=batch))

    def close(self, status: Status) -> None:
        """Sends what waits, ends the run, and leaves MLflow as it was before."""
        atexit.unregister(self._close_at_exit)
        if self._heartbeat:
            self._heartbeat.stop()
        self._outbox.send(
            {"run_id": self.run_id, "status": status},
            lambda: self._client.set_terminated(self.run_id, status),
            now=True,
        )
        # This run is still MLflow's active one, and so may be others that were begun inside it.
        while _active_run_id() not in (None, self._surrounding):
            with suppress(*FAILURES):  # it is taken off all the same
                mlflow.end_run(status)
        mlflow.set_tracking_uri(self._environment)  # type: ignore[arg-type] # None unsets it

    def _close_at_exit(self) -> None:
        self.set_tags({REASON: "interrupted while the run was opened or closed"})
        self.close("KILLED")

    def _send(self, record: dict[str, Any], call: Callable[[], object]) -> None:
        self._outbox.send({"run_id": self.run_id, **record}, call)

    def _answers(self) -> bool:
        try:
            require_answer(self._uri)
        except TrackingError:
            return False
        return True


def _active_run_id() -> str | None:
    active = mlflow.active_run()
    return None if active is None else str(active.info.run_id)


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    shown = {k: v for k, v in settings["tracking"].items() if k not in ("tags", "watched")}
    return cast("dict[str, Any]", _masked({**settings, "tracking": shown}))


def _masked(value: Any) -> Any:
    """The same without the passwords of its URLs: of the store, or of a search's study."""
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return without_password(value) if isinstance(value, str) else value


def _tags(description: RunDescription) -> dict[str, str]:
    folder = {FOLDER: str(description.output_dir.absolute())}
    return provenance() | process_tags() | folder | dict(description.tags)
