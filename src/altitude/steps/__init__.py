"""Steps: the maths of one batch, one file an algorithm."""

from altitude.steps.clipping import ClippingStep
from altitude.steps.step import Batch, Logs, Step
from altitude.steps.supervised import Supervised

__all__ = ["Batch", "ClippingStep", "Logs", "Step", "Supervised"]
