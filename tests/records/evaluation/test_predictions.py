import numpy as np
import pytest

from altitude.data.arrays import Array
from altitude.records.evaluation.predictions import (
    Classified,
    Regressed,
    class_names,
    interpret,
)

LOGITS = np.array([[2.0, -1.0, 0.0], [0.0, 0.0, 5.0]])
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 2]),
        np.array([[0], [2]]),
        np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
        np.array([[0.9, 0.05, 0.05], [0.1, 0.1, 0.8]]),
    ],
)
@pytest.mark.parametrize("outputs", [LOGITS, PROBABILITIES])
def test_classes_are_recognised_however_they_are_encoded(labels: Array, outputs: Array) -> None:
    found = interpret(labels, outputs, from_logits=False)
    assert isinstance(found, Classified)
    assert found.labels.tolist() == [0, 2]
    np.testing.assert_allclose(found.probabilities, PROBABILITIES, rtol=1e-6)


@pytest.mark.parametrize(("output", "from_logits"), [(0.0, True), (0.5, False)])
def test_one_output_for_two_classes(output: float, from_logits: bool) -> None:
    found = interpret(np.array([[1.0], [0.0]]), np.full((2, 1), output), from_logits=from_logits)
    assert isinstance(found, Classified)
    assert found.labels.tolist() == [1, 0]
    assert found.probabilities.tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("labels", "outputs"),
    [
        (np.array([0.5, 7.0]), np.array([[0.0], [1.0]])),
        (np.array([[0.5], [7.0]]), np.array([0.0, 1.0])),
        (np.array([[0.5, 3.0], [7.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])),
        (np.array([0.0, 1.0]), np.array([[-3.0], [4.0]])),
    ],
)
def test_numbers_are_no_classes(labels: Array, outputs: Array) -> None:
    found = interpret(labels, outputs, from_logits=False)
    assert isinstance(found, Regressed)
    assert found.labels.shape == found.values.shape


def test_images_are_neither() -> None:
    images = np.zeros((2, 8, 8, 1))
    assert interpret(images, images, from_logits=False) is None
    assert interpret(np.zeros((2, 3)), np.zeros((2, 4)), from_logits=False) is None


def test_classes_without_names_are_numbered() -> None:
    class Named:
        class_names = ("cat", "dog")

    assert class_names(Named(), 2) == ("cat", "dog")
    assert class_names(Named(), 3) == ("0", "1", "2")
    assert class_names(object(), 2) == ("0", "1")
