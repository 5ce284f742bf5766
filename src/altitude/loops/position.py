"""Where in its epochs and batches a training is."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """Where a training is: the next batch.

    Attributes:
        epoch: The epoch that the next batch belongs to, counting from 0.
        step: How many batches of that epoch have been trained.
    """

    epoch: int = 0
    step: int = 0


START = Position()
"""Before the first batch."""
