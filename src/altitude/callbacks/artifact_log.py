"""Logs the files that callbacks write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

Record = Callable[[Path, str], None]
"""Takes a file and its folder, relative to the watched one."""


class ArtifactLog(keras.callbacks.Callback):
    """After each epoch, records the files that are new in a folder.

    Comes after the user's callbacks, which write there the files to be logged.

    Args:
        folder: The folder to watch, subfolders included.
        record: Called with each file, and with its folder, relative to this one.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        super().__init__()
        self._folder = folder
        self._record = record
        self._seen: set[Path] = set()

    def get_state(self) -> dict[str, Any]:
        """Returns the files that have been recorded."""
        return {"seen": sorted(str(path.relative_to(self._folder)) for path in self._seen)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the files that have been recorded, which are not recorded again.

        Args:
            state: What `get_state` returned.
        """
        self._seen = {self._folder / path for path in state["seen"]}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._record_new()

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._record_new()

    def _record_new(self) -> None:
        files = {path for path in self._folder.rglob("*") if path.is_file()}
        for path in sorted(files - self._seen):
            self._record(path, str(path.parent.relative_to(self._folder)))
        self._seen |= files
