"""Quick checks of a tracking store before TensorFlow and MLflow are imported.

MLflow retries a database that cannot be opened for two minutes before it raises.
"""

import os
import socket
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from altitude.errors import Problem, TrackingError
from altitude.tracking.store import (
    ANSWER_TIMEOUT,
    lock_path,
    require_answer,
    sqlite_path,
    without_password,
)

SQLITE_MAGIC = b"SQLite format 3\0"
DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Default ports of the database servers that MLflow supports, by the scheme of the URI."""

MLFLOW_SCHEMES = ("databricks", "databricks-uc", "uc")
"""Further schemes that MLflow knows, besides those of its plugins."""

EXPECTED = "a store that MLflow can open: an SQLite file, a database, or a tracking server"
INSTEAD = "tracking.uri=sqlite:///mlflow.db, or tracking=none to track nothing"


def require_usable(uri: str, source: str) -> None:
    """Checks that a store can be used, as far as that takes no time.

    Args:
        uri: The URI of the store, as `resolve_uri` returns it.
        source: The origin of the URI for the message: a config key, or an environment variable.

    Raises:
        TrackingError: If it cannot be used, with what to give instead.
    """
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if scheme in ("http", "https"):
        require_answer(uri)
        return
    reason, instead = CHECKS.get(scheme, _unknown_scheme)(uri)
    if reason:
        given = f"{without_password(uri)}: {reason}"
        raise TrackingError(str(Problem(source, given, EXPECTED, instead)))


Verdict = tuple[str, str]
"""Why a store cannot be used, and what to give instead; two empty texts if it can."""

USABLE: Verdict = ("", "")


def _sqlite(uri: str) -> Verdict:
    if urlsplit(uri).scheme != "sqlite":
        return USABLE  # a driver of the user's choice, with rules of its own
    path = sqlite_path(uri)
    if path is None or path.name in ("", ":memory:"):
        return "a database in memory ends with each connection", INSTEAD
    try:
        return _file_reason(path), INSTEAD
    except OSError as error:
        return error.strerror or str(error), INSTEAD


def _file_reason(path: Path) -> str:
    """Returns why a file cannot hold a store; empty if it can.

    Raises:
        OSError: If its folder cannot be written.
    """
    if path.is_dir():
        return "that is a folder"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_path(path).touch()  # SQLite writes files beside the database, too
    if not path.exists():
        return ""
    with path.open("rb") as file:
        begins = file.read(len(SQLITE_MAGIC))
    if begins not in (b"", SQLITE_MAGIC):
        return "that file is no SQLite database"
    return "" if os.access(path, os.W_OK) else "that file cannot be written"


def _database_server(uri: str) -> Verdict:
    address = urlsplit(uri)
    try:
        port = address.port or DATABASE_PORTS[address.scheme.partition("+")[0]]
        if address.hostname:  # without one it is a local socket, or an ODBC connection string
            socket.create_connection((address.hostname, port), ANSWER_TIMEOUT).close()
    except (OSError, ValueError) as error:
        return f"it does not answer: {error}", f"start the server, or {INSTEAD}"
    return USABLE


def _folder(uri: str) -> Verdict:
    if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() in ("true", "1"):
        return USABLE
    path = urlsplit(uri).path
    file = path if path.endswith(".db") else f"{path.rstrip('/')}.db"
    return "MLflow no longer tracks into folders", f"tracking.uri=sqlite:///{file}"


def _unknown_scheme(uri: str) -> Verdict:
    scheme = urlsplit(uri).scheme
    plugins = {plugin.name for plugin in entry_points(group="mlflow.tracking_store")}
    if scheme in (*MLFLOW_SCHEMES, *plugins):
        return USABLE
    if scheme == "postgres":
        rest = without_password(uri).removeprefix(scheme)
        return "MLflow knows no postgres:", f"tracking.uri=postgresql{rest}"
    return f"MLflow knows no {scheme}:", INSTEAD


CHECKS: Mapping[str, Callable[[str], Verdict]] = {
    "sqlite": _sqlite,
    "": _folder,
    "file": _folder,
    **dict.fromkeys(DATABASE_PORTS, _database_server),
}
"""How a store is checked, by the scheme of its URI."""
