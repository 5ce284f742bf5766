"""Checks that labels, the model's last layer and the loss are compatible.

Used twice: on what the classes of a config say of themselves, before TensorFlow is imported, and on
the loaded data and the built model, before the first batch.
"""

from altitude.data.spec import LabelSpec
from altitude.errors import Problem


def logits_problems(activation: str, from_logits: bool, loss: str) -> list[Problem]:
    """Checks that the activation of the last layer agrees with `from_logits` of the loss.

    Args:
        activation: Name of the activation of the model's last layer.
        from_logits: Whether the loss expects logits.
        loss: Class name of the loss.

    Returns:
        At most one problem.
    """
    if not loss.endswith("Crossentropy"):
        return []
    key, given = "objective.loss.from_logits", str(from_logits).lower()
    if activation in ("softmax", "sigmoid") and from_logits:
        expected = f"false: the model ends in {activation}, so it puts out probabilities"
        return [Problem(key, given, expected, "objective.loss.from_logits=false")]
    if activation == "linear" and not from_logits:
        expected = "true: the model's last layer is linear, so it puts out logits"
        return [Problem(key, given, expected, "objective.loss.from_logits=true")]
    return []


def label_problems(labels: LabelSpec, loss: str, outputs: int | None) -> list[Problem]:
    """Checks the form of the labels against the loss and the number of outputs.

    Args:
        labels: The form of the labels.
        loss: The class name of the loss.
        outputs: The number of values that the model puts out for one example; None if it is not
            known.

    Returns:
        The problems; none if the labels suit the loss.
    """
    problems = []
    sparse = loss == "SparseCategoricalCrossentropy"
    if sparse and labels.kind == "one_hot":
        problems.append(
            Problem("objective.loss", loss, "a loss for one-hot labels", "objective=categorical")
        )
    if sparse and labels.kind == "column":
        expected = "class indices of shape (examples,): these are a column, (examples, 1)"
        instead = "y.ravel().astype(int); objective=regression for numbers to be predicted"
        problems.append(Problem("objective.loss", loss, expected, instead))
    if loss.startswith("Mean") and labels.kind == "integer" and outputs not in (None, 1):
        given = f"{loss} with labels that are whole numbers, and {outputs} outputs"
        expected = "numbers to be predicted: whole numbers of shape (examples,) are class indices"
        problems.append(Problem("objective.loss", given, expected, "y.astype('float32')"))
    if (
        loss in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
        and labels.kind == "integer"
    ):
        instead = "dataset.one_hot=true, or objective=sparse_categorical"
        expected = "a loss for labels that are class indices"
        problems.append(Problem("objective.loss", loss, expected, instead))
    if loss.endswith("CategoricalCrossentropy") and labels.kind == "scalar":
        expected = "class indices: whole numbers, counted from 0"
        instead = "objective=regression, or store them as whole numbers: y.astype(int)"
        problems.append(
            Problem("objective.loss", f"{loss} with labels that are floats", expected, instead)
        )
    if loss.startswith("Binary") and labels.kind in ("integer", "scalar"):
        expected = "labels of shape (batch, 1): those of shape (batch,) would be broadcast"
        instead = "store the labels as a column, y.reshape(-1, 1)"
        problems.append(
            Problem("objective.loss", f"{loss} with labels (batch,)", expected, instead)
        )
    if sparse and labels.kind == "integer" and outputs is not None and outputs < labels.num_classes:
        expected = (
            f"at least {labels.num_classes} outputs: the labels go up to {labels.num_classes - 1}"
        )
        problems.append(Problem("model", f"{outputs} outputs", expected))
    return problems
