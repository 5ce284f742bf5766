"""Tracks which epoch the best model is from."""

from pathlib import Path
from typing import Any

import keras


class BestEpoch(keras.callbacks.Callback):
    """Follows a ModelCheckpoint, so that "best" means what that callback saved.

    Without one that saves whole models, or if that has saved none, the best model is the one at the
    end of training: after an EarlyStopping that restores the best weights, the one from its best
    epoch.

    Args:
        callbacks: The user's callbacks, all of which are called before this one.
        path: Path of the best model.
    """

    def __init__(self, callbacks: list[keras.callbacks.Callback], path: Path) -> None:
        super().__init__()
        self._checkpoint = _first(callbacks, keras.callbacks.ModelCheckpoint, path)
        self._stopping = _first(callbacks, keras.callbacks.EarlyStopping, None)
        self._path = path
        self._seen: Any = None
        self._epochs = 0
        self._saved_at_end = False
        self.epoch = 0

    @property
    def follows_checkpoint(self) -> bool:
        """Whether the best model was saved in its epoch, or else at the end of training."""
        return self._checkpoint is not None and not self._saved_at_end

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        # Not the score of an epoch, but an initial threshold.
        self._seen = self._checkpoint and self._checkpoint.best

    def get_state(self) -> dict[str, Any]:
        """Returns the best epoch so far, and how many there were."""
        return {"epoch": self.epoch, "epochs": self._epochs}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the best epoch, after the state of the ModelCheckpoint.

        Args:
            state: What `get_state` returned.
        """
        self.epoch, self._epochs = state["epoch"], state["epochs"]
        self._seen = getattr(self._checkpoint, "best", None)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._epochs = epoch + 1
        if self._checkpoint is None or not self._checkpoint.save_best_only:
            self.epoch = epoch + 1
        elif self._checkpoint.best is not self._seen:  # identity: NaN does not equal itself
            self._seen = self._checkpoint.best
            self.epoch = epoch + 1

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        if self._checkpoint is not None and self.epoch > 0:
            return
        self._saved_at_end = True
        self.epoch = self._epochs
        if self._stopping is not None and self._stopping.best_weights is not None:
            self.epoch = self._stopping.best_epoch + 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.model.save(self._path)


def _first(callbacks: list[keras.callbacks.Callback], kind: Any, path: Path | None) -> Any:
    for callback in callbacks:
        if isinstance(callback, kind) and (path is None or Path(callback.filepath) == path):
            return callback
    return None
