"""What a process does that only helps to train: nothing that a person would find twice."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from altitude.deferred import Deferred
from altitude.tracking.settings import Untracked

if TYPE_CHECKING:
    from altitude.experiment import Experiment


@contextmanager
def role_in(experiment: "Experiment") -> Iterator["Experiment"]:
    """Yields what this process is to run: the experiment itself, if this is the chief.

    Any other worker runs it untracked, with its files in a folder that is deleted in the end.
    """
    if experiment.strategy.is_chief:
        yield experiment
        return
    with tempfile.TemporaryDirectory() as folder:
        old, new = str(experiment.output_dir), folder
        callbacks = {name: _moved(make, old, new) for name, make in experiment.callbacks.items()}
        yield dataclasses.replace(
            experiment, tracking=Untracked(), output_dir=Path(new), callbacks=callbacks
        )


def _moved(value: Any, old: str, new: str) -> Any:
    """Replaces a folder by another one in all arguments."""
    if isinstance(value, Deferred):
        return Deferred(value.target, _moved(value.arguments, old, new))
    if isinstance(value, Mapping):
        return {key: _moved(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, old, new) for item in value]
    if isinstance(value, str) and value.startswith(old):
        return new + value.removeprefix(old)
    return value
