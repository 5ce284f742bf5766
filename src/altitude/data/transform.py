"""Random changes to training batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from altitude.lazy import tf


class Transform(ABC):
    """Changes a training batch, in the pipeline, at every altitude.

    Attributes:
        soft_labels: Whether labels come as one-hot rows and leave as rows of probabilities. Those
            of validation and test are one-hot rows then, too.
    """

    soft_labels: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Returns the transformed batch.

        Args:
            batch: (x, y) or (x, y, sample_weight), cast and scaled.
            seed: Two integers, int32 (2,), for the functions in `tf.random` that are called
                stateless: they depend on (seed, epoch, step), so a batch is always changed alike.
        """
