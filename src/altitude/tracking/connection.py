"""Connecting to an MLflow store: the same for runs and for sweeps."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven are four minutes
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")  # seconds without a byte, not 120
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one display is enough
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # the closing table has it

import mlflow.store.db.utils
import psutil
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from altitude.errors import TrackingError
from altitude.tracking.outbox import FAILURES
from altitude.tracking.settings import Mlflow
from altitude.tracking.store import artifact_location, creation_lock, resolve_uri, sqlite_path

mlflow.store.db.utils.MAX_RETRY_COUNT = 5  # ten are two minutes; no variable is there for it

LOCAL_FILE_SYSTEMS = {"btrfs", "ext2", "ext3", "ext4", "overlay", "tmpfs", "xfs", "zfs"}


@dataclass(frozen=True)
class Connection:
    """A store that can be used.

    Attributes:
        client: Talks to it.
        uri: Where it is.
        experiment_id: MLflow's id of the experiment.
    """

    client: MlflowClient
    uri: str
    experiment_id: str


def connect(settings: Mlflow) -> Connection:
    """Opens the store, and creates it and the experiment where they are new.

    Raises:
        TrackingError: If the experiment was deleted.
    """
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    uri = resolve_uri(settings.uri)
    with creation_lock(uri):
        client = MlflowClient(uri)
        experiment_id = _experiment_id(client, uri, settings.experiment_name)
        _let_readers_pass(uri)
    return Connection(client, uri, experiment_id)


def _experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name, artifact_location(uri))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another process was quicker
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise TrackingError(
            f"tracking.experiment_name={name}: that experiment was deleted. "
            f"Restore it (mlflow experiments restore -x {found.experiment_id}) or give another name"
        )
    return str(found.experiment_id)


def _let_readers_pass(uri: str) -> None:
    """Has a local SQLite store write ahead, so that several processes do not wait for each other.

    That needs shared memory, which network file systems have not.
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
def told_as_tracking_errors() -> Iterator[None]:
    """Raises what a store has failed with as a `TrackingError`."""
    try:
        yield
    except FAILURES as error:
        raise TrackingError(f"the tracking store cannot be used: {error}") from error
