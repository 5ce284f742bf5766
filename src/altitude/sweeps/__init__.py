"""What a multirun does beyond Hydra: sweeps that survive, searches, workers."""

from altitude.sweeps.grid import Grid
from altitude.sweeps.settings import Sweep

__all__ = ["Grid", "Sweep"]
