"""The store in a run's own folder, for when the one that was meant does not answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.tracking.store import resolve_uri, without_password

if TYPE_CHECKING:
    from altitude.tracking.run_settings import RunSettings

FILE = "unsent-run.json"
"""The file in a run's folder that names the store which the run was meant for."""


def local_store(folder: Path) -> str:
    """Returns the tracking URI of the store in a run's own folder.

    Args:
        folder: The folder of the run.
    """
    return f"sqlite:///{folder.absolute() / 'mlflow.db'}"


def note_meant_store(settings: RunSettings, folder: Path, run_id: str | None) -> None:
    """Writes down which store a run was meant for, so that it can be sent there later.

    A password is left out: `$MLFLOW_TRACKING_URI` has to name the store then.

    Args:
        settings: The settings that name the store.
        folder: The folder of the run.
        run_id: The id of the run in its own folder.
    """
    uri = resolve_uri(settings.uri)
    meant = {
        "uri": uri if without_password(uri) == uri else None,
        "experiment_name": settings.experiment_name,
        "local": local_store(folder),
        "run_id": run_id,
    }
    (folder / FILE).write_text(json.dumps(meant, indent=1))
