"""Loops, which run the epochs. One file an altitude."""

from altitude.loops.fit import Fit
from altitude.loops.loop import Loop
from altitude.loops.reinforce import Reinforce
from altitude.loops.stepping import SteppingLoop
from altitude.loops.tape import Tape
from altitude.loops.train_step import TrainStep

__all__ = ["Fit", "Loop", "Reinforce", "SteppingLoop", "Tape", "TrainStep"]
