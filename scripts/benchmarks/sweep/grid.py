"""The jobs that every contender runs."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Eight jobs of the reference sweep, as they are typed.

    Attributes:
        learning_rates: Of Adam, separated by commas.
        patiences: Of early stopping, epochs.
        clip_norms: Upper bounds of the gradients' global norm.
        epochs: Of each job, at most.
    """

    learning_rates: str = "3e-4,1e-3"
    patiences: str = "2,3"
    clip_norms: str = "0.5,1.0"
    epochs: int = 5

    @property
    def arguments(self) -> list[str]:
        """The grid, for a program that takes it by position."""
        return [self.learning_rates, self.patiences, self.clip_norms, str(self.epochs)]

    @property
    def jobs(self) -> list["Grid"]:
        """Every job, as a grid of one."""
        axes = (self.learning_rates, self.patiences, self.clip_norms)
        return [
            Grid(learning_rates=rate, patiences=patience, clip_norms=norm, epochs=self.epochs)
            for rate, patience, norm in itertools.product(*(axis.split(",") for axis in axes))
        ]

    def overrides(self, keys: Sequence[str]) -> list[str]:
        """The grid, for Hydra, which calls its axes and the epochs by these keys."""
        return [f"{key}={value}" for key, value in zip(keys, self.arguments, strict=True)]
