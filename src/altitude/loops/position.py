"""The position of a training in its epochs and batches."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """The position of a training: its next batch.

    Attributes:
        epoch: The epoch that the next batch belongs to, counted from 0.
        step: The number of batches of that epoch that have been trained.
    """

    epoch: int = 0
    step: int = 0


START = Position()
"""Before the first batch."""
