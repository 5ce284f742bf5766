"""What a model and an objective need to know about data."""

from dataclasses import dataclass
from typing import Literal

LabelKind = Literal["integer", "one_hot", "soft", "column", "scalar"]
"""`integer`: class indices, (batch,). `one_hot`: (batch, classes). `soft`: the same, as
probabilities. `column`: one number for each example, (batch, 1). `scalar`: one number for each
example, (batch,)."""


@dataclass(frozen=True)
class LabelSpec:
    """The form of the labels.

    Attributes:
        kind: How a label is written.
        num_classes: How many classes there are; for numbers, how many values to predict.
    """

    kind: LabelKind
    num_classes: int


@dataclass(frozen=True)
class DataSpec:
    """The form of one example, as the model sees it.

    Attributes:
        input_shape: Shape of one input, without the batch dimension.
        labels: The form of the labels.
    """

    input_shape: tuple[int, ...]
    labels: LabelSpec

    @property
    def num_classes(self) -> int:
        """How many values the model's last layer puts out for one example."""
        return self.labels.num_classes


@dataclass(frozen=True)
class Declared:
    """What a dataset knows about itself without loading anything.

    Attributes:
        labels: The form of the labels, if known.
        num_examples: Training examples, those for validation included, if known.
    """

    labels: LabelSpec | None = None
    num_examples: int | None = None
