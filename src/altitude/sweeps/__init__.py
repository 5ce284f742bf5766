"""Sweeps beyond Hydra's multirun: resumable, with searches and workers."""

from altitude.sweeps.search.grid import Grid
from altitude.sweeps.search.optuna_search import Optuna
from altitude.sweeps.settings import Sweep

__all__ = ["Grid", "Optuna", "Sweep"]
