"""Steps: the computation on one batch, one file an algorithm."""

from altitude.steps.accumulate import Accumulate
from altitude.steps.auxiliary_loss import AuxiliaryLoss
from altitude.steps.batch import Batch, Logs
from altitude.steps.clipping import ClippingStep
from altitude.steps.from_scratch import FromScratch
from altitude.steps.gan import Gan
from altitude.steps.own_metrics import OwnMetrics
from altitude.steps.shifted_evaluation import ShiftedEvaluation
from altitude.steps.step import Step
from altitude.steps.supervised import Supervised
from altitude.steps.uncertainty_weighting import UncertaintyWeighting

__all__ = [
    "Accumulate",
    "AuxiliaryLoss",
    "Batch",
    "ClippingStep",
    "FromScratch",
    "Gan",
    "Logs",
    "OwnMetrics",
    "ShiftedEvaluation",
    "Step",
    "Supervised",
    "UncertaintyWeighting",
]
