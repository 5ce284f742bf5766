"""Checks whether a store may have a sweep already, without importing MLflow."""

import sqlite3
from contextlib import closing

from altitude.tracking.store import sqlite_path
from altitude.tracking.tags import IDENTITY

QUERY = "SELECT 1 FROM tags WHERE key = ? AND value = ? LIMIT 1"


def may_be_known(uri: str, identity: str) -> bool:
    """Whether a sweep may have been launched before.

    A guess to prepare by, in milliseconds: what counts is what MLflow says later.

    Args:
        uri: The store.
        identity: The hash of the sweep's jobs and its search.

    Returns:
        False if an SQLite store does not know it; True for stores that would have to be asked.
    """
    path = sqlite_path(uri)
    if path is None:
        return True
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(QUERY, (IDENTITY, identity)).fetchone() is not None
    except sqlite3.Error:
        return True
