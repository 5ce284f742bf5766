"""Colours for the values of a metric: viridis, the better the darker."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from altitude.sweeps.job_record import Goal
from altitude.sweeps.report.pictures.style import visible_range

PALEST = 0.93
"""How far viridis is used: its end is too pale for lines on white."""

Colour = tuple[float, float, float, float]


@dataclass(frozen=True)
class Colours:
    """Tells values of a goal's metric apart.

    Attributes:
        values: All values that are drawn.
        goal: Whether it is high or low values that are dark.
    """

    values: Sequence[float]
    goal: Goal

    def of(self, value: float) -> Colour:
        """Returns the colour of a value, as red, green, blue and opacity.

        Args:
            value: A value of the goal's metric; beyond the visible range it gets the colour of the
                end.

        Returns:
            Four numbers from 0 to 1.
        """
        return cast("Colour", tuple(self._shades.to_rgba(np.array([value]))[0]))

    def add_bar(self, figure: Figure, axis: Axes, label: str) -> None:
        """Adds a colour bar, whose arrows show that there are values beyond its ends.

        Args:
            figure: The figure to add it to.
            axis: The axis that the bar belongs to.
            label: The text beside the bar.
        """
        low, high = visible_range(self.values, self.goal)
        beyond = (min(self.values) < low, max(self.values) > high)
        extend = {(True, False): "min", (False, True): "max"}.get(beyond, "neither")
        figure.colorbar(self._shades, ax=axis, label=label, extend=extend, pad=0.02, aspect=30)

    @cached_property
    def _shades(self) -> ScalarMappable:
        shades = colormaps["viridis"](np.linspace(0.0, PALEST, 256))
        palette = ListedColormap(shades[::-1] if self.goal.direction == "maximize" else shades)
        return ScalarMappable(Normalize(*visible_range(self.values, self.goal), clip=True), palette)
