"""Handwritten digits, 8 by 8 pixels, which ship inside scikit-learn.

Source: Alpaydin and Kaynak (1998), https://doi.org/10.24432/C50P49.
"""

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.arrays import Examples, Splits
from altitude.data.dataset import ArrayDataset
from altitude.data.spec import Declared, LabelSpec
from altitude.validation import STRICT, NonNegativeCount, Positive

NUM_EXAMPLES = 1797
TEST_SIZE = 297


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Digits(ArrayDataset):
    """1,797 images of digits, the last 297 of them for testing. Needs no download.

    Settings are those of `ArrayDataset`.

    Example:
        >>> from altitude.data import Digits
        >>> splits = Digits(limit=500).split()
        >>> splits.train.x.shape, splits.validation.x.shape, splits.test.x.shape
        ((500, 8, 8), (250, 8, 8), (297, 8, 8))
    """

    validation_size: NonNegativeCount | None = 250
    divisor: Positive | None = 16.0

    @property
    def name(self) -> str:
        """The short name of the dataset."""
        return "digits"

    @property
    def declared(self) -> Declared:
        """Ten classes, 1,500 training images."""
        return Declared(LabelSpec("integer", 10), NUM_EXAMPLES - TEST_SIZE)

    def load(self) -> Splits:
        """Returns images, uint8 (examples, 8, 8), of values 0 to 16, and labels, int64."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        x, y = digits.images.astype(np.uint8), digits.target
        return Splits(
            Examples(x[:-TEST_SIZE], y[:-TEST_SIZE]), Examples(x[-TEST_SIZE:], y[-TEST_SIZE:])
        )
