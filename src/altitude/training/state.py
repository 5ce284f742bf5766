"""Everything that determines how a training continues, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from altitude.data.arrays import Array
from altitude.loops.position import Position


@dataclass(frozen=True)
class TrainingState:
    """A training between two batches, or between two epochs.

    The order of the examples is no part of it: that is a function of seed and epoch, and every
    random transform is keyed by seed, epoch and step.

    Attributes:
        position: The next batch.
        variables: Weights, optimizer variables and seed generators, by their place and path.
        metrics: Variables of the metrics, which matter within an epoch.
        trainable: Whether each layer is trainable, by its place and name.
        callbacks: The state of each callback that has one, by its place and class: nested mappings
            and lists of numbers, texts, None and arrays.
        saved: The state of the best model on disk, with weights that its file lacks.
        is_stopped: Whether a callback has stopped the training, so that no batch follows.
        rollbacks: How often the training went back to an earlier state.
        epoch_start: The state at the start of the epoch, within an epoch that may be gone back in
            (`loop.on_nan=rollback`).
    """

    position: Position
    variables: Mapping[str, Array]
    metrics: Mapping[str, Array] = field(default_factory=dict)
    trainable: Mapping[str, bool] = field(default_factory=dict)
    callbacks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    saved: Mapping[str, Any] = field(default_factory=dict)
    is_stopped: bool = False
    rollbacks: int = 0
    epoch_start: "TrainingState | None" = None


class StateError(ValueError):
    """A state that cannot be read, or that belongs to another training."""


def without_stop(state: TrainingState) -> TrainingState:
    """Returns a state as it would be if no callback had stopped the training.

    Args:
        state: The state of a training that was stopped.
    """
    callbacks = {
        name: {**known, "stopped_epoch": 0} if "stopped_epoch" in known else known
        for name, known in state.callbacks.items()
    }
    return replace(state, callbacks=callbacks, is_stopped=False)
