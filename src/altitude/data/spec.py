"""Specification of the data, for models and objectives."""

from dataclasses import dataclass
from typing import Literal

LabelKind = Literal["integer", "one_hot", "soft", "column", "scalar"]
"""`integer`: class indices, (batch,). `one_hot`: (batch, classes). `soft`: the same, as
probabilities. `column`: one number for each example, (batch, 1). `scalar`: one number for each
example, (batch,)."""


@dataclass(frozen=True)
class LabelSpec:
    """Encoding of the labels.

    Attributes:
        kind: How a label is encoded.
        num_classes: The number of classes; in regression, of values to predict.

    Example:
        >>> from altitude.data import DataSpec, LabelSpec
        >>> DataSpec((28, 28), LabelSpec("integer", 10)).num_classes
        10
    """

    kind: LabelKind
    num_classes: int


@dataclass(frozen=True)
class StoredInput:
    """Specification of one input as it is stored, before the pipeline casts and scales it.

    Attributes:
        dtype: Its dtype, such as `uint8`.
        shape: Its shape, without the batch dimension.
        divisor: The number that the pipeline divides it by, as float32.
    """

    dtype: str
    shape: tuple[int, ...]
    divisor: float


@dataclass(frozen=True)
class DataSpec:
    """Specification of one example, as the model sees it.

    Attributes:
        input_shape: Shape of one input, without the batch dimension.
        labels: Encoding of the labels.
        stored: Specification of the input as it is stored; None if unknown.
    """

    input_shape: tuple[int, ...]
    labels: LabelSpec
    stored: StoredInput | None = None

    @property
    def num_classes(self) -> int:
        """The number of outputs that the model's last layer has for one example."""
        return self.labels.num_classes


@dataclass(frozen=True)
class Declared:
    """Properties of a dataset that are known before it is loaded.

    Attributes:
        labels: Encoding of the labels, if known.
        num_examples: Number of training examples, including those for validation, if known.
        has_validation: Whether the dataset has a validation split of its own.
    """

    labels: LabelSpec | None = None
    num_examples: int | None = None
    has_validation: bool = False
