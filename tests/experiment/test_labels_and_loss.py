import pytest

from altitude.data.spec import LabelKind, LabelSpec
from altitude.experiment.labels_and_loss import label_problems, logits_problems

SPARSE = "SparseCategoricalCrossentropy"
CATEGORICAL = "CategoricalCrossentropy"
BINARY = "BinaryCrossentropy"


@pytest.mark.parametrize("loss", [SPARSE, CATEGORICAL, BINARY, "BinaryFocalCrossentropy"])
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_no_logits(activation: str, loss: str) -> None:
    (problem,) = logits_problems(activation, True, loss)
    assert problem.key == "objective.loss.from_logits"
    assert problem.given == "true"
    assert problem.expected.startswith(f"false: the model ends in {activation}")
    assert problem.instead == "objective.loss.from_logits=false"
    assert logits_problems(activation, False, loss) == []


@pytest.mark.parametrize("loss", [SPARSE, CATEGORICAL, BINARY])
def test_logits_are_no_probabilities(loss: str) -> None:
    (problem,) = logits_problems("linear", False, loss)
    assert (problem.given, problem.instead) == ("false", "objective.loss.from_logits=true")
    assert logits_problems("linear", True, loss) == []


@pytest.mark.parametrize("from_logits", [True, False])
def test_other_losses_and_activations_are_left_alone(from_logits: bool) -> None:
    assert logits_problems("linear", from_logits, "MeanSquaredError") == []
    assert logits_problems("relu", from_logits, SPARSE) == []


@pytest.mark.parametrize(
    ("kind", "loss", "instead"),
    [
        ("one_hot", SPARSE, "objective=categorical"),
        ("integer", CATEGORICAL, "dataset.one_hot=true, or objective=sparse_categorical"),
        (
            "integer",
            "CategoricalFocalCrossentropy",
            "dataset.one_hot=true, or objective=sparse_categorical",
        ),
        ("integer", BINARY, "store the labels as a column, y.reshape(-1, 1)"),
        ("scalar", BINARY, "store the labels as a column, y.reshape(-1, 1)"),
        (
            "column",
            SPARSE,
            "y.ravel().astype(int); objective=regression for numbers to be predicted",
        ),
        ("integer", "MeanSquaredError", "y.astype('float32')"),
    ],
)
def test_labels_that_the_loss_misreads(kind: LabelKind, loss: str, instead: str) -> None:
    (problem,) = label_problems(LabelSpec(kind, 2), loss, outputs=2)
    assert problem.key == "objective.loss"
    assert loss in problem.given
    assert problem.instead == instead


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("integer", SPARSE),
        ("one_hot", CATEGORICAL),
        ("column", BINARY),
        ("column", "MeanSquaredError"),
        ("one_hot", BINARY),
    ],
)
def test_labels_that_the_loss_reads(kind: LabelKind, loss: str) -> None:
    assert label_problems(LabelSpec(kind, 3), loss, outputs=3) == []


def test_more_classes_than_outputs() -> None:
    (problem,) = label_problems(LabelSpec("integer", 10), SPARSE, outputs=9)
    assert (problem.key, problem.given) == ("model", "9 outputs")
    assert problem.expected == "at least 10 outputs: the labels go up to 9"


@pytest.mark.parametrize("outputs", [10, 11, None])
def test_enough_outputs_or_an_unknown_number(outputs: int | None) -> None:
    assert label_problems(LabelSpec("integer", 10), SPARSE, outputs) == []
