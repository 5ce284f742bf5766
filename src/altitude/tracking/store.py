"""Which MLflow store is used, and making sure that it can be."""

import os
import re
import ssl
import urllib.error
import urllib.request
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock

from altitude.errors import TrackingError

ANSWER_TIMEOUT = 5.0
"""Seconds that a tracking server has to answer."""

STORE_TIMEOUT = 120.0
"""Seconds to wait for another process that is creating the same store."""


def resolve_uri(uri: str | None, folder: Path | None = None) -> str:
    """Returns the tracking URI that counts: the given one, the environment's, or the default.

    The default is the store that a plain `mlflow ui` in the working folder shows.

    Args:
        uri: The URI of the config, if it gives one.
        folder: What the path of an SQLite file is relative to; None for the working folder.
    """
    folder = folder or Path.cwd()
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    path = sqlite_path(chosen)
    return chosen if path is None else f"sqlite:///{folder / path}"


def sqlite_path(uri: str) -> Path | None:
    """Returns the path of the file behind an SQLite URI, as written; None for any other URI.

    Args:
        uri: The URI of a tracking store or a storage of Optuna.
    """
    prefix = "sqlite:///"
    return Path(unquote(uri.removeprefix(prefix))) if uri.startswith(prefix) else None


def without_password(uri: str) -> str:
    """Returns the URI without user and password, as it may be shown and logged.

    Args:
        uri: The URI of a store.
    """
    return re.sub(r"(?<=://)[^/@]+@", "", uri)


def require_answer(uri: str) -> None:
    """Checks that a tracking server answers.

    Args:
        uri: The URI of a tracking store; only HTTP ones are checked.

    Raises:
        TrackingError: If the URI is an HTTP one and nothing answers there.
    """
    if not uri.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(_health_page(uri), timeout=ANSWER_TIMEOUT).close()  # noqa: S310
    except urllib.error.HTTPError:
        return  # it answers, if only to refuse; what it refuses is said when the run is opened
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return  # it answers; MLflow has settings of its own for whom to trust
        raise TrackingError(
            f"the tracking server {without_password(uri)} does not answer: {reason}\n"
            "Nothing was started. Start the server, or give another store: "
            "tracking.uri=sqlite:///mlflow.db, or tracking=none for none at all"
        ) from error


def _health_page(uri: str) -> str:
    """The page that says that a server is well; without the credentials that urllib chokes on."""
    address = urlsplit(without_password(uri))
    return address._replace(path=f"{address.path.rstrip('/')}/health").geturl()


def creation_lock(uri: str) -> AbstractContextManager[object]:
    """Returns a lock for the first use of a store, which two processes must not create at once.

    Args:
        uri: The URI of the store; only a local SQLite file is locked.

    Returns:
        A context manager.
    """
    path = sqlite_path(uri)
    if path is None:
        return nullcontext()
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(lock_path(path), timeout=STORE_TIMEOUT)


def lock_path(path: Path) -> Path:
    """Returns the file that is locked while an SQLite store is created.

    Args:
        path: The path of the database.
    """
    return path.with_name(f"{path.name}.lock")


def artifact_location(uri: str) -> str | None:
    """Returns where a new experiment keeps artifacts: beside an SQLite store, else None.

    With None the server decides.

    Args:
        uri: The URI of the store.
    """
    path = sqlite_path(uri)
    return None if path is None else (path.parent / "mlruns").as_uri()
