"""Connecting to an MLflow store: the same for runs and for sweeps."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven are four minutes
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")  # seconds without a byte, not 120
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one display is enough
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # the closing table has it

import mlflow.store.db.utils
import psutil
from mlflow.entities import Experiment, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from altitude.errors import TrackingError
from altitude.tracking.environment import chosen_experiment, run_to_continue
from altitude.tracking.outbox import FAILURES
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.store import artifact_location, creation_lock, resolve_uri, sqlite_path

mlflow.store.db.utils.MAX_RETRY_COUNT = 5  # ten are two minutes; no variable is there for it

PAGE_SIZE = 1000
"""How many runs MLflow returns at a time."""

NOISY = {"mlflow": logging.WARNING, "alembic": logging.WARNING, "urllib3": logging.ERROR}
"""The least level of what each logger says: retries end in an error that tells of them."""

UNREACHABLE = re.compile(r" failed with exception HTTPConnectionPool.*Caused by ", re.DOTALL)
"""What MLflow says between the address and the reason, if a server does not answer."""

LOCAL_FILE_SYSTEMS = {"btrfs", "ext2", "ext3", "ext4", "overlay", "tmpfs", "xfs", "zfs"}


@dataclass(frozen=True)
class Connection:
    """A store that can be used.

    Attributes:
        client: The client of the store.
        uri: The URI of the store.
        experiment_id: MLflow's id of the experiment.
        experiment_name: The name of the experiment.
        continued: The run that is continued instead of a new one; None for a new one.
    """

    client: MlflowClient
    uri: str
    experiment_id: str
    experiment_name: str
    continued: Run | None = None

    def runs(self, tags: Mapping[str, str], status: str = "") -> list[Run]:
        """Searches the experiment for runs, and returns all of them, the latest first.

        It is a list because a caller may change what was searched for, which moves later pages.

        Args:
            tags: Tags that the runs have, with these values.
            status: The status that they have; empty for any.

        Returns:
            The runs, the latest first.
        """
        conditions = [f"tags.`{name}` = '{value}'" for name, value in tags.items()]
        conditions += [f"attributes.status = '{status}'"] if status else []
        return list(self._pages(" and ".join(conditions)))

    def _pages(self, wanted: str) -> Iterator[Run]:
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                wanted,
                max_results=PAGE_SIZE,
                order_by=["attributes.start_time DESC"],
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return


def connect(settings: RunSettings, run_id: str | None = None) -> Connection:
    """Opens the store, and creates it and the experiment where they are new.

    Args:
        settings: The store and the experiment.
        run_id: A run to continue, which decides on the experiment; None for a new run.

    Returns:
        The connection to the experiment.

    Raises:
        TrackingError: If the experiment or the run does not exist or was deleted.
    """
    uri = resolve_uri(settings.uri)
    with creation_lock(uri):
        _create(uri)
        client = quiet_client(uri)
        _enable_write_ahead_logging(uri)
        if run_id is None:
            experiment = _experiment(client, uri, settings.experiment_name)
            return Connection(client, uri, experiment.experiment_id, experiment.name)
        run = run_to_continue(client, run_id, settings.experiment_name)
        experiment = client.get_experiment(run.info.experiment_id)
        return Connection(client, uri, experiment.experiment_id, experiment.name, run)


def quiet_client(uri: str) -> MlflowClient:
    """Returns a client of a store, without the lines that MLflow and its libraries log.

    Args:
        uri: The URI of the store.
    """
    for noisy, level in NOISY.items():
        logging.getLogger(noisy).setLevel(level)
    return MlflowClient(uri)


def _create(uri: str) -> None:
    """Creates an SQLite store that is new, beside its place first.

    A process that is killed meanwhile would leave tables that MLflow fails on ever after.
    """
    path = sqlite_path(uri)
    if path is None or (path.exists() and path.stat().st_size > 0):
        return
    unfinished = path.with_name(f"unfinished-{path.name}")
    for leftover in path.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    quiet_client(f"sqlite:///{unfinished}").search_experiments(max_results=1)
    unfinished.replace(path)


def _experiment(client: MlflowClient, uri: str, given: str | None) -> Experiment:
    chosen = chosen_experiment(client, given)
    found = _found_or_new(client, uri, chosen) if isinstance(chosen, str) else chosen
    if found.lifecycle_stage == "deleted":
        raise TrackingError(
            f"tracking.experiment_name={found.name}: that experiment was deleted. Restore it "
            f"(mlflow experiments restore -x {found.experiment_id}) or give another name"
        )
    return found


def _found_or_new(client: MlflowClient, uri: str, name: str) -> Experiment:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found
    try:
        return client.get_experiment(client.create_experiment(name, artifact_location(uri)))
    except MlflowException:
        found = client.get_experiment_by_name(name)  # another process has created it
        if found is None:
            raise
        return found


def _enable_write_ahead_logging(uri: str) -> None:
    """Enables write-ahead logging in a local SQLite store: readers and writers do not block.

    It needs shared memory, which network file systems do not offer.
    """
    path = sqlite_path(uri)
    if path is None or _file_system(str(path.resolve())) not in LOCAL_FILE_SYSTEMS:
        return
    with closing(sqlite3.connect(path, timeout=60)) as store:
        if store.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            store.execute("PRAGMA journal_mode=WAL")


def _file_system(path: str) -> str:
    mounts = {mount.mountpoint: mount.fstype for mount in psutil.disk_partitions(all=True)}
    above = [point for point in mounts if path.startswith(point.rstrip("/") + "/")]
    return mounts[max(above, key=len)] if above else ""


@contextmanager
def wrap_store_errors() -> Iterator[None]:
    """Raises errors of the store as a `TrackingError`."""
    try:
        yield
    except FAILURES as error:
        reason = UNREACHABLE.sub(" had no answer: ", str(error))
        raise TrackingError(f"the tracking store cannot be used: {reason}") from error
