"""Mixup: training on blends of two examples.

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
        """Returns the blended batch."""
        count = tf.shape(batch[0])[0]
        first, second, order = tf.unstack(tf.random.split(seed, 3))
        # A beta variate is a share of two gamma variates.
        gammas = [tf.random.stateless_gamma([count], s, self.alpha) for s in (first, second)]
        share = tf.math.divide_no_nan(gammas[0], gammas[0] + gammas[1])
        other = tf.random.experimental.stateless_shuffle(tf.range(count), seed=order)
        return tuple(_blend(part, tf.gather(part, other), share) for part in batch)


def _blend(first: tf.Tensor, second: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    share = tf.reshape(share, [-1, *[1] * (first.shape.rank - 1)])
    return share * first + (1.0 - share) * second
