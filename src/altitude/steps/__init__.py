"""Steps: the maths of one batch, one file an algorithm."""

from altitude.steps.step import Batch, Logs, Step
from altitude.steps.supervised import Supervised

__all__ = ["Batch", "Logs", "Step", "Supervised"]
