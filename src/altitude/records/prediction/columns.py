"""What the outputs of a model mean: probabilities of classes, or values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from altitude.data.arrays import Array
from altitude.errors import ConfigError, Problem
from altitude.experiment.model_checks import output_activation
from altitude.lazy import keras, np
from altitude.records.evaluation.predictions import sigmoid, softmax
from altitude.records.prediction.batch import sizes_in_words

Activation = Callable[[Array], Array]
"""Turns outputs, float64 (examples, values), into numbers of the same shape."""

BINARY, CATEGORICAL = "binary", "categorical"
KINDS_BY_ACTIVATION: Mapping[str, str] = {"sigmoid": BINARY, "softmax": CATEGORICAL}
ACTIVATIONS: Mapping[str, Activation] = {BINARY: sigmoid, CATEGORICAL: softmax}


def _unchanged(outputs: Array) -> Array:
    return outputs


@dataclass(frozen=True)
class Columns:
    """The columns of predictions.

    Attributes:
        numbers: The names of the columns with numbers.
        compute: Returns the numbers, (examples, columns), from outputs (examples, values).
        classes: The name of the class that each column has the probability of; empty for values.
    """

    numbers: Sequence[str]
    compute: Activation
    classes: Sequence[str] = ()

    @property
    def types(self) -> dict[str, type]:
        """The type of the values in each column."""
        return {**({"class": str} if self.classes else {}), **dict.fromkeys(self.numbers, float)}

    def table(self, outputs: Array) -> dict[str, list[Any]]:
        """Returns the values of each column.

        Args:
            outputs: What the model has returned, (examples, ...).
        """
        flat = outputs.reshape(len(outputs), math.prod(outputs.shape[1:]))
        numbers = self.compute(flat.astype(np.float64))
        named = dict(zip(self.numbers, numbers.T.tolist(), strict=True))
        if not self.classes:
            return named
        return {"class": [self.classes[best] for best in numbers.argmax(axis=1)], **named}


def columns_of(
    model: keras.Model, loss: Mapping[str, Any] | None, class_names: Sequence[str] = ()
) -> Columns:
    """Returns what the outputs of a model mean, by the loss that it was trained with.

    Args:
        model: The model.
        loss: The config of the loss; None if it is not known, so that the activation of the model's
            last layer decides.
        class_names: The names of the classes, by label; their numbers are shown if there are none.

    Returns:
        Probabilities for a cross-entropy, values for any other loss.

    Raises:
        ConfigError: If the model has several outputs, or outputs of a size that is open.
    """
    count = _outputs(model)
    kind, activation = _meaning(loss, output_activation(model))
    if kind == BINARY and count == 1:
        return _classes(class_names, 2, lambda outputs: _of_both(activation(outputs)))
    if kind == CATEGORICAL:
        return _classes(class_names, count, activation)
    names = ["value"] if count == 1 else [f"value_{number}" for number in range(count)]
    return Columns(names, activation)


def _outputs(model: keras.Model) -> int:
    """The number of values that a model puts out for one example."""
    shapes = [tuple(tensor.shape[1:]) for tensor in model.outputs]
    if len(shapes) != 1:
        given = f"a model with {len(shapes)} outputs"
        raise ConfigError([Problem("RUN", given, "a model with one output")])
    if None in shapes[0]:
        given = f"a model whose outputs are {sizes_in_words(shapes[0])}"
        raise ConfigError([Problem("RUN", given, "a model with outputs of one size")])
    return math.prod(shapes[0])


def _meaning(loss: Mapping[str, Any] | None, activation: str | None) -> tuple[str, Activation]:
    """The kind of a task, and what turns outputs into probabilities, if they are logits."""
    if loss is None:
        return KINDS_BY_ACTIVATION.get(activation or "", ""), _unchanged
    name = str(loss.get("_target_", "")).rpartition(".")[2]
    if not name.endswith("Crossentropy"):
        return "", _unchanged
    kind = BINARY if name.startswith("Binary") else CATEGORICAL
    return kind, ACTIVATIONS[kind] if loss.get("from_logits") else _unchanged


def _classes(names: Sequence[str], count: int, compute: Activation) -> Columns:
    names = names if len(names) == count else [str(number) for number in range(count)]
    return Columns([f"probability_{name}" for name in names], compute, names)


def _of_both(positive: Array) -> Array:
    return np.hstack([1 - positive, positive])
