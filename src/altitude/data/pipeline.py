"""tf.data pipelines over arrays: batch-wise gather, cast and scale, in a reproducible order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from altitude.data.arrays import Array, Examples, Splits, describe_labels
from altitude.data.spec import DataSpec, LabelKind, LabelSpec, StoredInput
from altitude.data.transform import Transform
from altitude.errors import ConfigError, Problem
from altitude.failures.places import user_line_of_target

PREFETCHED_BATCHES = 4
ALIGNMENT = 64
"""Alignment of TensorFlow's tensors, in bytes."""


class BatchSettings(Protocol):
    """Settings for batches. See `ArrayDataset`."""

    @property
    def batch_size(self) -> int: ...  # noqa: D102
    @property
    def divisor(self) -> float | None: ...  # noqa: D102
    @property
    def one_hot(self) -> bool: ...  # noqa: D102
    @property
    def transforms(self) -> Mapping[str, Transform]: ...  # noqa: D102


@dataclass(frozen=True)
class Pipelines:
    """The batches for training, validation and testing: (x, y) or (x, y, sample_weight).

    Attributes:
        train: One epoch of training batches, of known cardinality.
        epoch: Scalar int64 variable: the epoch whose order the next iteration of `train` has.
        validation: Validation batches, or None.
        test: Test batches.
        spec: The form of one example.
        fingerprint: Identifies the arrays behind the batches.
        validation_examples: The number of validation examples; 0 if it is not known.
        note: How the examples were split by default, in one line; empty if that was configured.
    """

    train: tf.data.Dataset
    epoch: tf.Variable
    validation: tf.data.Dataset | None
    test: tf.data.Dataset
    spec: DataSpec
    fingerprint: str
    validation_examples: int = 0
    note: str = ""

    def train_from(self, step: int) -> tf.data.Dataset:
        """Returns one epoch of training batches, from a step on.

        Args:
            step: The number of batches to leave out at the start of the epoch.
        """
        return self.train.skip(step) if step else self.train


def build_pipelines(
    splits: Splits,
    settings: BatchSettings,
    seed: int,
    class_weight: Mapping[int, float] | None = None,
) -> Pipelines:
    """Builds the pipelines over arrays, which stay in memory in their own dtype.

    Args:
        splits: The examples.
        settings: The settings of batches.
        seed: The order of the training examples in epoch e is a function of (seed, e).
        class_weight: The weight of each class's examples in the loss; 1 for classes left out.

    Returns:
        The pipelines.

    Raises:
        ConfigError: If `one_hot` is asked for and the labels are not class indices, or if there is
            a class weight as well as a sample weight.
    """
    labels = describe_labels(splits)
    problems = _label_problems(settings.one_hot, class_weight, labels, splits)
    if problems:
        raise ConfigError(problems)
    soft = any(transform.soft_labels for transform in settings.transforms.values())
    one_hot = labels.kind == "integer" and (settings.one_hot or soft)
    to_batch = _BatchBuilder(settings.divisor, labels, one_hot, None)
    class_weights = _class_weight_vector(class_weight, labels)
    to_training_batch = _BatchBuilder(settings.divisor, labels, one_hot, class_weights)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
    kind: LabelKind = "one_hot" if one_hot else labels.kind
    if soft and kind == "one_hot":
        kind = "soft"
    validation = splits.validation
    return Pipelines(
        train=_shuffled_batches(splits.train, to_training_batch, settings, seed, epoch),
        epoch=epoch,
        validation=None
        if validation is None
        else _sequential_batches(validation, to_batch, settings.batch_size),
        test=_sequential_batches(splits.test, to_batch, settings.batch_size),
        spec=_spec(splits.train.x, settings.divisor, LabelSpec(kind, labels.num_classes)),
        fingerprint=splits.fingerprint,
        validation_examples=0 if validation is None else len(validation.x),
        note=splits.note,
    )


def _shuffled_batches(
    examples: Examples,
    to_batch: "_BatchBuilder",
    settings: BatchSettings,
    seed: int,
    epoch: tf.Variable,
) -> tf.data.Dataset:
    """One epoch in the order of a full permutation that depends on (seed, epoch) alone."""
    arrays = _constants(examples)
    count, batch_size = len(examples), settings.batch_size
    steps = -(-count // batch_size)

    def batches_of_rows(_: tf.Tensor) -> tf.data.Dataset:
        key = tf.stack([tf.constant(seed, tf.int64), epoch.read_value()])
        order = tf.random.experimental.stateless_shuffle(tf.range(count), seed=key)

        def rows(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = order[step * batch_size : (step + 1) * batch_size]
            return rows, tf.random.fold_in(tf.cast(key, tf.int32), tf.cast(step, tf.int32))

        return tf.data.Dataset.range(steps).map(rows)

    def batch(rows: tf.Tensor, key: tf.Tensor) -> tuple[Any, ...]:
        batch = to_batch(*(tf.gather(array, rows) for array in arrays))
        for position, transform in enumerate(settings.transforms.values()):
            batch = _require_batch(transform, transform(batch, tf.random.fold_in(key, position)))
        return batch

    # Keras' fit creates one more iterator than there are epochs; the order must not depend on it.
    rows = tf.data.Dataset.range(1).flat_map(batches_of_rows)
    return (
        rows.map(batch)
        .apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(PREFETCHED_BATCHES)
    )


def _require_batch(transform: Transform, changed: Any) -> tuple[Any, ...]:
    """Returns what a transform has returned, if that is a batch.

    Raises:
        ValueError: If it is not a batch. AutoGraph passes on only Python's own errors.
    """
    if isinstance(changed, tuple) and 1 <= len(changed) <= 3:
        return changed
    given = "None" if changed is None else type(changed).__name__
    raise ValueError(
        f"the transform {type(transform).__name__} returned {given}, expected a batch: end "
        f"{user_line_of_target(type(transform).__call__) or 'it'} with `return x, y`"
    )


def _sequential_batches(
    examples: Examples, to_batch: "_BatchBuilder", batch_size: int
) -> tf.data.Dataset:
    arrays = _constants(examples)
    start = tf.data.Dataset.range(0, len(examples), batch_size)
    batches = start.map(lambda i: to_batch(*(array[i : i + batch_size] for array in arrays)))
    return batches.prefetch(PREFETCHED_BATCHES)


def _constants(examples: Examples) -> list[tf.Tensor]:
    with tf.device("CPU"):
        return [_tensor(array) for array in examples.named().values()]


def _tensor(array: Array) -> tf.Tensor:
    """Converts an array to a tensor, without a copy if it is memory-mapped.

    Processes that map the same file share its pages. TensorFlow aborts the process if the memory
    is not aligned as its own is.

    Returns:
        The tensor, of the array's shape and dtype.
    """
    mapped = isinstance(array, np.memmap) and array.mode == "c" and array.dtype.kind in "iuf"
    if mapped and array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


@dataclass(frozen=True)
class _BatchBuilder:
    """Converts stored examples to model inputs and labels."""

    divisor: float | None
    labels: LabelSpec
    one_hot: bool
    class_weights: tf.Tensor | None

    def __call__(self, x: tf.Tensor, y: tf.Tensor, sample_weight: Any = None) -> tuple[Any, ...]:
        if self.class_weights is not None:
            sample_weight = tf.gather(self.class_weights, tf.cast(y, tf.int32))
        batch = (self._scaled(x), self._label(y))
        return batch if sample_weight is None else (*batch, tf.cast(sample_weight, tf.float32))

    def _scaled(self, x: tf.Tensor) -> tf.Tensor:
        return tf.cast(x, tf.float32) / _divisor(self.divisor, x.dtype.name)

    def _label(self, y: tf.Tensor) -> tf.Tensor:
        if self.one_hot:
            return tf.one_hot(tf.cast(y, tf.int32), self.labels.num_classes)
        return tf.cast(y, tf.int32 if self.labels.kind == "integer" else tf.float32)


def _divisor(configured: float | None, dtype: str) -> float:
    """What inputs are divided by: what was configured, or else 255 for bytes and 1 for others."""
    return configured or (255.0 if dtype == "uint8" else 1.0)


def _spec(x: Array, divisor: float | None, labels: LabelSpec) -> DataSpec:
    shape = x.shape[1:]
    stored = StoredInput(x.dtype.name, shape, _divisor(divisor, x.dtype.name))
    return DataSpec(shape, labels, stored)


def _class_weight_vector(
    class_weight: Mapping[int, float] | None, labels: LabelSpec
) -> tf.Tensor | None:
    if not class_weight:
        return None
    weights = np.ones(labels.num_classes, np.float32)
    for index, weight in class_weight.items():
        weights[index] = weight
    return tf.constant(weights)


def _label_problems(
    one_hot: bool, class_weight: Mapping[int, float] | None, labels: LabelSpec, splits: Splits
) -> list[Problem]:
    problems = []
    if one_hot and labels.kind != "integer":
        expected = f"false: these labels are no class indices but of the kind {labels.kind}"
        problems.append(Problem("dataset.one_hot", "true", expected, "dataset.one_hot=false"))
    if class_weight and labels.kind != "integer":
        expected = f"class indices as labels: these are of the kind {labels.kind}"
        problems.append(Problem("objective.class_weight", str(dict(class_weight)), expected))
    if class_weight and splits.train.sample_weight is not None:
        expected = "null: this dataset brings a sample weight, and only one of the two can hold"
        problems.append(Problem("objective.class_weight", str(dict(class_weight)), expected))
    unknown = [index for index in class_weight or {} if not 0 <= index < labels.num_classes]
    if unknown:
        expected = f"classes from 0 to {labels.num_classes - 1}"
        problems.append(Problem("objective.class_weight", f"class {unknown[0]}", expected))
    return problems
