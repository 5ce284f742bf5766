from pathlib import Path

import matplotlib.image
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altitude.tracking.curves import draw_curves

HISTORY = {
    "accuracy": [0.5, 0.7, 0.8],
    "loss": [2.0, 1.5, 1.2],
    "val_accuracy": [0.4, 0.7, 0.6],
    "val_loss": [2.1, 1.4, 1.6],
    "learning_rate": [1e-3, 1e-3, 5e-4],
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved while a test runs."""
    figures: list[Figure] = []
    save = Figure.savefig

    def remember(figure: Figure, path: Path, *, dpi: int) -> None:
        figures.append(figure)
        save(figure, path, dpi=dpi)

    monkeypatch.setattr(Figure, "savefig", remember)
    return figures


def curves(axis: Axes) -> dict[str, list[float]]:
    return {str(line.get_label()): list(line.get_ydata()) for line in axis.get_lines()}  # type: ignore[arg-type]


def test_the_picture_is_a_png_with_two_panels(working_folder: Path) -> None:
    path = working_folder / "curves.png"
    draw_curves(HISTORY, 2, path)
    height, width, _ = matplotlib.image.imread(path).shape
    assert width > 2 * height


def test_training_is_drawn_against_validation(working_folder: Path, drawn: list[Figure]) -> None:
    draw_curves(HISTORY, 2, working_folder / "curves.png")
    loss, accuracy = drawn[0].axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    assert curves(loss)["training"] == HISTORY["loss"]
    assert curves(loss)["validation"] == HISTORY["val_loss"]
    assert curves(accuracy)["training"] == HISTORY["accuracy"]
    assert curves(accuracy)["validation"] == HISTORY["val_accuracy"]


def test_epochs_count_from_one_and_the_best_is_marked(
    working_folder: Path, drawn: list[Figure]
) -> None:
    draw_curves(HISTORY, 2, working_folder / "curves.png")
    training, _, best = drawn[0].axes[0].get_lines()
    assert list(training.get_xdata()) == [1, 2, 3]  # type: ignore[arg-type]
    assert list(best.get_xdata()) == [2, 2]  # type: ignore[arg-type]
    assert best.get_label() == "best epoch: 2"


def test_without_validation_the_loss_alone_is_drawn(
    working_folder: Path, drawn: list[Figure]
) -> None:
    draw_curves({"loss": [2.0, 1.0], "accuracy": [0.1, 0.2]}, 2, working_folder / "curves.png")
    (axis,) = drawn[0].axes
    assert axis.get_title() == "loss"


def test_a_single_epoch_is_a_visible_dot(working_folder: Path, drawn: list[Figure]) -> None:
    draw_curves({"loss": [2.0], "val_loss": [2.0]}, 1, working_folder / "curves.png")
    assert drawn[0].axes[0].get_lines()[0].get_marker() == "o"
