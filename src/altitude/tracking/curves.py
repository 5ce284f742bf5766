"""Loss and accuracy by epoch, as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

PANELS = 2


def draw_curves(history: Mapping[str, Sequence[float]], best_epoch: int, path: Path) -> None:
    """Draws training against validation, the best epoch marked.

    Args:
        history: Metrics by epoch. Loss is drawn, and the first other metric that has a validation
            counterpart.
        best_epoch: The epoch that the best model is from, counting from 1.
        path: The PNG file.
    """
    names = [name for name in history if f"val_{name}" in history] or list(history)[:1]
    figure = Figure(figsize=(5.0 * len(names[:PANELS]), 3.6), layout="constrained")
    axes = figure.subplots(1, len(names[:PANELS]), squeeze=False)[0]
    for axis, name in zip(axes, sorted(names, key=lambda name: name != "loss"), strict=False):
        _draw(axis, name, history, best_epoch)
    figure.savefig(path, dpi=110)


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
