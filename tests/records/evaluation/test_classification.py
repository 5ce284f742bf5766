import io

import numpy as np
import pytest

from altitude.records.evaluation.class_pictures import mistakes_picture
from altitude.records.evaluation.classification import (
    calibration_error,
    classification_report,
    mistakes,
)
from altitude.records.evaluation.predictions import Classified

LABELS = np.array([0, 0, 0, 1, 1, 2])
CHOSEN = np.array([0, 0, 1, 1, 0, 2])
SURE = np.array([0.9, 0.8, 0.7, 0.6, 0.95, 0.5])


def predictions() -> Classified:
    probabilities = np.full((6, 3), 0.0)
    for row, (chosen, sure) in enumerate(zip(CHOSEN, SURE, strict=True)):
        probabilities[row] = (1 - sure) / 2
        probabilities[row, chosen] = sure
    return Classified(LABELS, probabilities)


def test_precision_and_recall_are_by_class() -> None:
    report = classification_report(predictions(), ("cat", "dog", "$x^2$"))
    rows = {row[0]: row[1:4] for row in report.tables[0].rows}
    assert rows["cat"] == ("0.6667", "0.6667", "0.6667")
    assert rows["dog"] == ("0.5000", "0.5000", "0.5000")
    assert rows["$x^2$"] == ("1.0000", "1.0000", "1.0000")
    assert report.scores["macro_recall"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert report.tables[1].rows[0] == ("cat", "2", "1", "0")
    assert report.examples == 6
    for figure in report.pictures.values():
        figure.savefig(io.BytesIO(), format="png")


def test_a_class_without_examples_counts_for_nothing() -> None:
    known = predictions()
    absent = Classified(known.labels, np.hstack([known.probabilities, np.zeros((6, 1))]))
    scores = classification_report(absent, ("a", "b", "c", "d")).scores
    assert scores == pytest.approx(classification_report(known, ("a", "b", "c")).scores)


def test_mistakes_are_listed_by_confidence() -> None:
    assert mistakes(predictions()).tolist() == [4, 2]


def test_the_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    sure = Classified(np.zeros(4, int), np.tile([0.8, 0.2], (4, 1)))
    assert calibration_error(sure) == pytest.approx(0.2)
    right = np.array([0, 0, 0, 0, 1])
    assert calibration_error(Classified(right, np.tile([0.8, 0.2], (5, 1)))) == pytest.approx(0)


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_images_are_drawn_whatever_their_channels(channels: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).random((7, 8, 8, *channels))
    figure = mistakes_picture(images, [str(number) for number in range(7)])
    assert sum(bool(axis.images) for axis in figure.axes) == 7
