"""Progress display: a live line in a terminal, one plain line for each epoch elsewhere."""

from collections.abc import Mapping
from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from altitude.display.status import is_live

TRACING = "tracing the step"
"""Shown until the first batch ends."""


class ProgressDisplay(keras.callbacks.Callback):
    """Shows epoch, step, metrics and time left.

    Args:
        console: The console to write to.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        if is_live(self._console):
            self._progress = _bar(self._console)
            self._task = self._progress.add_task("", total=self.params["steps"], metrics="")
            self._progress.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        if self._progress is not None:
            description = f"epoch {epoch + 1}/{self.params['epochs']}"
            self._progress.reset(
                self._task, description=description, metrics=TRACING if epoch == 0 else ""
            )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: D102
        if self._progress is not None:
            done = min(batch + 1, self.params["steps"])
            self._progress.update(self._task, completed=done, metrics=format_metrics(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: D102
        line = f"epoch {epoch + 1}/{self.params['epochs']}  {format_metrics(logs or {})}"
        # A narrow terminal breaks between words; in a file an epoch is one line.
        wraps = not self._console.is_terminal
        self._console.print(line, highlight=False, soft_wrap=wraps)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002, D102
        self.close()

    def close(self) -> None:
        """Removes the live line from the terminal, also after a run that ended early."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def format_metrics(logs: Mapping[str, Any]) -> str:
    """Formats metrics in one line, training first, loss first: `loss 0.3514  accuracy 0.8731`.

    Args:
        logs: The metrics of an epoch, by name.

    Returns:
        The metrics with four significant digits.
    """
    names = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
    return "  ".join(f"{name} {float(logs[name]):.4g}" for name in names)


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}"),
        console=console,
        transient=True,
        refresh_per_second=8,
    )
