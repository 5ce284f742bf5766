"""Fashion-MNIST with a weight for every training example."""

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.arrays import Array, Examples, Splits
from altitude.data.fashion_mnist import FashionMnist
from altitude.validation import STRICT, NonNegative


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WeightedFashionMnist(FashionMnist):
    """Images that look unlike the mean image of their class weigh less; the test images weigh 1.

    Attributes:
        sharpness: Rate at which the weight decays with the distance from that mean: an image at
            twice the mean distance has the weight exp(-sharpness). With 0, all weights are 1.

    Example:
        >>> from altitude.data import WeightedFashionMnist
        >>> WeightedFashionMnist(sharpness=2.0).declared.num_examples
        60000
    """

    sharpness: NonNegative = 1.0

    def load(self) -> Splits:
        """Returns the arrays of Fashion-MNIST, and weights, float32 (examples,)."""
        splits = super().load()
        train = splits.train
        weights = typicality_weights(train.x, train.y, self.sharpness)
        return Splits(Examples(train.x, train.y, weights), splits.test)


def typicality_weights(x: Array, y: Array, sharpness: float) -> Array:
    """Weighs examples by their distance from the mean of their class.

    Args:
        x: Inputs, (examples, ...).
        y: Class indices, (examples,).
        sharpness: Rate at which the weight decays.

    Returns:
        Weights from 0 to 1, float32 (examples,): 1 up to the mean distance in the class.
    """
    weights = np.empty(len(x), np.float32)
    for label in np.unique(y):
        members = x[y == label].reshape(np.sum(y == label), -1).astype(np.float32)
        distance = np.linalg.norm(members - members.mean(axis=0), axis=1)
        excess = np.maximum(distance / distance.mean() - 1.0, 0.0)
        weights[y == label] = np.exp(-sharpness * excess)
    return weights
