"""Where Optuna keeps the study of a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from altitude.errors import TrackingError
from altitude.lazy import optuna
from altitude.tracking.store import creation_lock, resolve_uri, sqlite_path, without_password

FILE = "optuna.db"
BUSY_SECONDS = 60.0
"""How long to wait for another process that writes into the same SQLite file."""


def storage_url(chosen: str | None, tracking_uri: str | None) -> str | None:
    """Returns the URL of a study's database: the configured one, or one beside the runs.

    Args:
        chosen: The configured URL, as SQLAlchemy takes it; None for the default.
        tracking_uri: The store of the runs; None if they are not tracked.

    Returns:
        The URL; None if the study is kept in memory, as runs that are not tracked are.
    """
    if chosen is not None:
        return resolve_uri(chosen)
    if tracking_uri is None:
        return None
    store = sqlite_path(tracking_uri)
    folder = Path.cwd() if store is None else store.parent
    return f"sqlite:///{folder / FILE}"


def open_storage(url: str | None) -> optuna.storages.BaseStorage:
    """Opens a database, which is created if it is new; several processes may do so at once.

    Args:
        url: The URL of the database; None keeps the study in memory.

    Returns:
        The storage.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        return optuna.storages.InMemoryStorage()
    is_file = sqlite_path(url) is not None
    patient = {"connect_args": {"timeout": BUSY_SECONDS}} if is_file else {}
    with creation_lock(url):
        return optuna.storages.RDBStorage(url, engine_kwargs=patient)


def trial_numbered(study: optuna.Study, number: int) -> optuna.trial.FrozenTrial:
    """Returns a trial as the storage has it.

    Args:
        study: The study of the search.
        number: The number of the trial, counted from 0.
    """
    return study.get_trials(deepcopy=False)[number]


@contextmanager
def wrap_store_errors(url: str | None) -> Iterator[None]:
    """Raises the errors of a storage as a TrackingError that names the storage.

    Args:
        url: The URL of the database, None if it is in memory.

    Raises:
        TrackingError: If something inside the block fails for it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (
        optuna.exceptions.OptunaError,
        SQLAlchemyError,
        OSError,
        LookupError,
        ImportError,
    ) as error:
        place = without_password(url or "memory")
        raise TrackingError(f"the search's study in {place} cannot be used: {error}") from error
