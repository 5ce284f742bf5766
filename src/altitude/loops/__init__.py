"""Loops: who drives the epochs. One file an altitude."""

from altitude.loops.fit import Fit
from altitude.loops.loop import Loop
from altitude.loops.tape import Tape
from altitude.loops.train_step import TrainStep

__all__ = ["Fit", "Loop", "Tape", "TrainStep"]
