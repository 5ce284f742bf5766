"""Loss and accuracy by epoch, as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

PANELS = 2
WIDTH, HEIGHT = 5.0, 3.6
LEFT, RIGHT, BOTTOM, TOP = 0.65, 0.2, 0.55, 0.35
"""A panel and its margins, in inches: to fit them to the labels would take as long as to draw."""


def draw_curves(history: Mapping[str, Sequence[float]], best_epoch: int, path: Path) -> None:
    """Draws training against validation, the best epoch marked.

    Args:
        history: Metrics by epoch. Loss is drawn, and the first other metric that has a validation
            counterpart.
        best_epoch: The epoch that the best model is from, counted from 1.
        path: The PNG file.
    """
    names = [name for name in history if f"val_{name}" in history] or list(history)[:1]
    panels = len(names[:PANELS])
    figure = Figure(figsize=(WIDTH * panels, HEIGHT))
    axes = figure.subplots(1, panels, squeeze=False, gridspec_kw=_margins(panels))[0]
    for axis, name in zip(axes, sorted(names, key=lambda name: name != "loss"), strict=False):
        _draw(axis, name, history, best_epoch)
    figure.savefig(path, dpi=110)


def _margins(panels: int) -> dict[str, float]:
    """The margins as fractions, the way Matplotlib takes them."""
    return {
        "left": LEFT / (WIDTH * panels),
        "right": 1 - RIGHT / (WIDTH * panels),
        "bottom": BOTTOM / HEIGHT,
        "top": 1 - TOP / HEIGHT,
        "wspace": (LEFT + RIGHT) / (WIDTH - LEFT - RIGHT),
    }


def _draw(axis: Axes, name: str, history: Mapping[str, Sequence[float]], best_epoch: int) -> None:
    for key, label in ((name, "training"), (f"val_{name}", "validation")):
        values = history.get(key, [])
        marker = "o" if len(values) == 1 else None
        axis.plot(range(1, len(values) + 1), values, label=label, marker=marker)
    axis.axvline(best_epoch, color="grey", linestyle=":", label=f"best epoch: {best_epoch}")
    axis.set(xlabel="epoch", title=name.replace("_", " "))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.3)
    axis.legend()
