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
    """Blends every example of a batch, its label and its weight with another one of the batch.

    Attributes:
        alpha: Both parameters of the beta distribution that the share of the first example is
            drawn from: near 0 one of the two dominates, 1 draws all shares alike.
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
