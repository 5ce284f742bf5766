"""Mixup: training on convex combinations of two examples.

Source: Zhang, Cisse, Dauphin and Lopez-Paz (2018), https://arxiv.org/abs/1710.09412.
"""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from altitude.data.transform import Transform
from altitude.lazy import tf
from altitude.validation import STRICT, Positive


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Mixup(Transform):
    """Blends each example of a batch, its label and its weight with another of the same batch.

    Attributes:
        alpha: Both parameters of the beta distribution that the mixing coefficient is drawn from:
            near 0 one of the two examples dominates, 1 is the uniform distribution.

    Example:
        >>> from altitude.data import Digits, Mixup
        >>> dataset = Digits(batch_size=32, transforms={"mixup": Mixup(alpha=0.4)})
        >>> dataset.transforms["mixup"].soft_labels  # labels become rows of probabilities
        True
    """

    soft_labels = True

    alpha: Positive = 0.2

    def __call__(self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Returns the mixed batch."""
        count = tf.shape(batch[0])[0]
        first, second, order = tf.unstack(tf.random.split(seed, 3))
        # A beta variate is the fraction of one gamma variate in the sum of two.
        gammas = [tf.random.stateless_gamma([count], s, self.alpha) for s in (first, second)]
        coefficient = tf.math.divide_no_nan(gammas[0], gammas[0] + gammas[1])
        other = tf.random.experimental.stateless_shuffle(tf.range(count), seed=order)
        return tuple(_mix(part, tf.gather(part, other), coefficient) for part in batch)


def _mix(first: tf.Tensor, second: tf.Tensor, coefficient: tf.Tensor) -> tf.Tensor:
    coefficient = tf.reshape(coefficient, [-1, *[1] * (first.shape.rank - 1)])
    return coefficient * first + (1.0 - coefficient) * second
