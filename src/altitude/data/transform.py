"""Random augmentation of training batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from altitude.lazy import tf


class Transform(ABC):
    """Base class of transforms of a training batch, applied in the pipeline at every altitude.

    Attributes:
        soft_labels: Whether the transform takes one-hot labels and returns probabilities. If so,
            labels of validation and test are one-hot, too.
    """

    soft_labels: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Returns the transformed batch.

        Args:
            batch: (x, y) or (x, y, sample_weight), cast and scaled.
            seed: Seed of stateless functions in `tf.random`, int32 (2,): a function of (seed,
                epoch, step), so that a batch is always transformed in the same way.
        """
