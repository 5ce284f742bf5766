"""Base classes of datasets."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.data.arrays import Splits, split_validation
from altitude.data.examination import examine
from altitude.data.folds import split_fold
from altitude.data.spec import Declared
from altitude.data.transform import Transform
from altitude.errors import DataError, Problem
from altitude.failures.places import user_line_of_target
from altitude.validation import STRICT, Count, Flag, NonNegativeCount, Positive

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines


class Dataset(ABC):
    """Base class of all datasets. One that is not made of arrays extends it directly."""

    @property
    def name(self) -> str:
        """Name of the dataset in tracking and displays."""
        return type(self).__name__

    @property
    def declared(self) -> Declared:
        """The properties that are known before the data is loaded, for checks before the run."""
        return Declared()

    def problems(self) -> list[Problem]:
        """Returns what is wrong with the files that this dataset names.

        Called when a config is read and before a run is opened: it must be quick, and must not
        import TensorFlow.
        """
        return []

    @abstractmethod
    def build(self, seed: int, class_weight: Mapping[int, float] | None) -> "Pipelines":
        """Builds the input pipelines of a loop.

        Args:
            seed: The order of the training examples in epoch e is a function of (seed, e).
            class_weight: The weight of each class's examples in the loss; 1 for classes left out.

        Returns:
            The pipelines.

        Raises:
            ConfigError: If the settings do not fit the data.
            DataError: If the data cannot be found, or is not what it should be.
        """


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ArrayDataset(Dataset):
    """A dataset of arrays: batched, cast and scaled by a tf.data pipeline.

    To write a dataset, extend this class with a dataclass that has the settings you need, and
    return the arrays from `load`.

    Attributes:
        batch_size: Examples in a batch. The last batch of an epoch may be smaller.
        validation_size: Number of training examples, the last ones, that are used for validation if
            `load` returns no validation split; None for a tenth of them.
        num_folds: Number of folds for cross-validation, in which `fold` is validated on.
        fold: The fold of the training examples that is used for validation, counted from 0, instead
            of the last `validation_size`; None for no cross-validation. Folds have the same share
            of each class, and do not depend on the experiment's seed.
        limit: Number of training examples to use, the first ones after the split; None for all.
        divisor: Inputs are cast to float32 and divided by this; None means 255 for uint8 inputs
            and 1 for all others.
        one_hot: Whether to encode class indices as one-hot rows, for categorical losses.
        transforms: Transforms of every training batch, by name, in order.

    Example:
        >>> import numpy as np
        >>> from altitude.data import ArrayDataset, Examples, Splits
        >>> class Parity(ArrayDataset):
        ...     def load(self):
        ...         x = np.random.default_rng(0).integers(0, 2, (200, 8)).astype(np.float32)
        ...         y = x.sum(axis=1).astype(np.int64) % 2
        ...         return Splits(train=Examples(x[:150], y[:150]), test=Examples(x[150:], y[150:]))
        >>> splits = Parity(validation_size=30).load()
        >>> len(splits.train), len(splits.test)
        (150, 50)
    """

    batch_size: Count = 128
    validation_size: NonNegativeCount | None = None
    num_folds: Annotated[Count, Field(ge=2)] = 5
    fold: NonNegativeCount | None = None
    limit: Count | None = None
    divisor: Positive | None = None
    one_hot: Flag = False
    transforms: dict[str, Transform] = Field(default_factory=dict)

    @abstractmethod
    def load(self) -> Splits:
        """Returns the arrays: inputs (examples, ...), labels (examples,) or (examples, values).

        Raises:
            DataError: If they cannot be found, or are invalid.
        """

    def split(self) -> Splits:
        """Loads the arrays, splits validation off, checks all examples and applies the limit.

        Warns of data that look wrong.

        Returns:
            The arrays of all splits.

        Raises:
            DataError: If the arrays are invalid, or hold NaN or infinite values.
        """
        loaded: object = self.load()
        if not isinstance(loaded, Splits):
            expected = "altitude.data.Splits(train=Examples(x, y), test=Examples(x, y))"
            given = type(loaded).__qualname__
            place = user_line_of_target(type(self).load) or type(self).__name__
            instead = f"return Splits(Examples(x, y), test=Examples(x_test, y_test)) in {place}"
            raise DataError(Problem(f"{type(self).__name__}.load", given, expected, instead))
        if self.fold is None:
            splits = split_validation(loaded, self.validation_size)
        else:
            splits = split_fold(loaded, self.fold, self.num_folds)
        for warning in examine(splits, self.divisor):
            warnings.warn(warning, stacklevel=2)
        return replace(splits, train=splits.train[: self.limit])

    def build(self, seed: int, class_weight: Mapping[int, float] | None) -> "Pipelines":
        """Loads the arrays and builds the pipelines over them.

        Returns:
            The pipelines of training, validation and test.
        """
        return self.build_over(self.split(), seed, class_weight)

    def build_over(
        self, splits: Splits, seed: int, class_weight: Mapping[int, float] | None
    ) -> "Pipelines":
        """Builds the pipelines over arrays that `split` returned.

        Args:
            splits: The arrays, as `split` returned them.
            seed: The seed of shuffling and of random transforms.
            class_weight: The weight of each class index in the training loss; None weighs all
                alike.

        Returns:
            The pipelines of training, validation and test.
        """
        from altitude.data.pipeline import build_pipelines

        return build_pipelines(splits, self, seed, class_weight)
