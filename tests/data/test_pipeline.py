import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from altitude import ConfigError
from altitude.data import DataSpec, Digits, Examples, LabelSpec, Splits
from altitude.data.arrays import Array
from altitude.data.pipeline import Pipelines, build_pipelines
from altitude.data.spec import StoredInput

COUNT = 50
CLASSES = 5
FULL_AND_SHORT_BATCHES = [16, 16, 16, 2]


def numbered(count: int = COUNT, weighted: bool = False) -> Examples:
    """Inputs that say which example they are."""
    numbers = np.arange(count)
    weights = numbers / 10 if weighted else None
    return Examples(numbers[:, None].astype(np.uint8), numbers % CLASSES, weights)


def build(
    seed: int = 0,
    splits: Splits | None = None,
    class_weight: Mapping[int, float] | None = None,
    **settings: Any,
) -> Pipelines:
    splits = splits or Splits(numbered(), numbered(20), numbered(18))
    return build_pipelines(splits, Digits(**{"batch_size": 16, **settings}), seed, class_weight)


def order(pipelines: Pipelines, epoch: int = 0) -> list[int]:
    pipelines.epoch.assign(epoch)
    return [int(number) for batch in pipelines.train for number in batch[0].numpy().ravel()]


def numbers(dataset: tf.data.Dataset) -> list[int]:
    return [int(number) for batch in dataset for number in batch[0].numpy().ravel()]


@pytest.mark.parametrize("epoch", [0, 1, 30])
def test_an_epoch_is_a_full_permutation(epoch: int) -> None:
    found = order(build(divisor=1.0), epoch)
    assert sorted(found) == list(range(COUNT))
    assert found != list(range(COUNT))


def test_an_epoch_is_the_same_on_re_iteration() -> None:
    pipelines = build(divisor=1.0)
    first = order(pipelines, 3)
    order(pipelines, 4)
    assert order(pipelines, 3) == first


def test_an_iterator_that_nobody_draws_from_changes_nothing() -> None:
    pipelines, others = build(divisor=1.0), build(divisor=1.0)
    iter(pipelines.train)
    assert order(pipelines, 1) == order(others, 1)


def test_epochs_and_seeds_differ() -> None:
    orders = [order(build(seed, divisor=1.0), epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert len({tuple(found) for found in orders}) == len(orders)


def test_the_order_depends_on_nothing_but_seed_and_epoch() -> None:
    tf.random.set_seed(1)
    first = order(build(7, divisor=1.0), 2)
    tf.random.set_seed(2)
    assert order(build(7, divisor=1.0), 2) == first
    assert order(build(7, divisor=1.0, batch_size=7), 2) == first


def test_labels_and_weights_go_with_their_inputs() -> None:
    splits = Splits(numbered(weighted=True), numbered())
    for x, y, weight in build(splits=splits, divisor=1.0).train:
        assert y.numpy().tolist() == (x.numpy().ravel() % CLASSES).tolist()
        assert weight.numpy() == pytest.approx(x.numpy().ravel() / 10)


def test_validation_and_test_are_in_order() -> None:
    pipelines = build(divisor=1.0)
    assert pipelines.validation is not None
    assert numbers(pipelines.validation) == list(range(18))
    assert numbers(pipelines.test) == list(range(20))


def test_the_short_last_batch_is_kept() -> None:
    pipelines = build()
    assert [len(x) for x, _ in pipelines.train] == FULL_AND_SHORT_BATCHES
    assert int(pipelines.train.cardinality()) == len(FULL_AND_SHORT_BATCHES)
    assert [len(x) for x, _ in pipelines.test] == [16, 4]
    assert int(pipelines.test.cardinality()) == 2


@pytest.mark.parametrize(("batch_size", "batches"), [(50, [50]), (25, [25, 25]), (64, [50])])
def test_batches_that_divide_or_hold_everything(batch_size: int, batches: list[int]) -> None:
    pipelines = build(batch_size=batch_size)
    assert [len(x) for x, _ in pipelines.train] == batches


def test_the_batch_dimension_is_open() -> None:
    pipelines = build()
    for dataset in (pipelines.train, pipelines.validation, pipelines.test):
        assert dataset is not None
        x, y = dataset.element_spec
        assert x.shape.as_list() == [None, 1]
        assert y.shape.as_list() == [None]


def test_the_short_last_batch_is_not_traced_again() -> None:
    traces = []

    @tf.function
    def consume(dataset: tf.data.Dataset) -> None:
        for x, _ in dataset:
            traces.append(x.shape)

    pipelines = build()
    for _ in range(3):
        consume(pipelines.train)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("dtype", "divisor", "expected"),
    [(np.uint8, None, 1.0), (np.uint8, 51.0, 5.0), (np.float64, None, 255.0), (np.int32, 2, 127.5)],
)
def test_inputs_are_cast_and_scaled(dtype: Any, divisor: float | None, expected: float) -> None:
    examples = Examples(np.full((4, 2), 255, dtype), np.zeros(4, np.int64))
    x, _ = next(iter(build(splits=Splits(examples, examples), divisor=divisor).train))
    assert x.dtype == tf.float32
    assert x.numpy().tolist() == [[expected] * 2] * 4


@pytest.mark.parametrize(
    ("labels", "dtype", "spec"),
    [
        (np.arange(4, dtype=np.uint8), tf.int32, LabelSpec("integer", 4)),
        (np.arange(4) / 2, tf.float32, LabelSpec("scalar", 1)),
        (np.arange(4)[:, None], tf.float32, LabelSpec("column", 1)),
        (np.eye(4), tf.float32, LabelSpec("one_hot", 4)),
    ],
)
def test_labels_are_cast_and_described(labels: Array, dtype: Any, spec: LabelSpec) -> None:
    examples = Examples(np.zeros((4, 3)), labels)
    pipelines = build(splits=Splits(examples, examples))
    _, y = next(iter(pipelines.test))
    assert y.dtype == dtype
    assert np.array_equal(y.numpy(), labels)
    assert pipelines.spec == DataSpec((3,), spec, StoredInput("float64", (3,), 16.0))


def test_one_hot() -> None:
    pipelines = build(one_hot=True, divisor=1.0)
    for x, y in pipelines.train:
        assert np.array_equal(y.numpy(), np.eye(CLASSES)[x.numpy().ravel().astype(int) % CLASSES])
    assert pipelines.spec == DataSpec(
        (1,), LabelSpec("one_hot", CLASSES), StoredInput("uint8", (1,), 1.0)
    )


def test_without_validation() -> None:
    assert build(splits=Splits(numbered(), numbered())).validation is None


def test_the_fingerprint_is_that_of_the_splits() -> None:
    splits = Splits(numbered(), numbered())
    other = Splits(numbered(49), numbered())
    assert build(splits=splits).fingerprint == splits.fingerprint
    assert build(splits=other).fingerprint != build(splits=splits).fingerprint


def test_class_weights_are_sample_weights_of_training_alone() -> None:
    pipelines = build(class_weight={0: 3.0, 4: 0.5})
    for _, y, weight in pipelines.train:
        assert np.array_equal(weight.numpy(), np.array([3, 1, 1, 1, 0.5])[y.numpy()])
    assert pipelines.validation is not None
    assert len(pipelines.validation.element_spec) == len(pipelines.test.element_spec) == 2


def test_class_weights_go_with_one_hot_labels() -> None:
    for _, y, weight in build(class_weight={0: 3.0}, one_hot=True).train:
        assert np.array_equal(weight.numpy(), np.where(y.numpy()[:, 0] == 1, 3.0, 1.0))


def trained_weights(dataset: tf.data.Dataset, class_weight: Mapping[int, float] | None) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(CLASSES)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    model.fit(dataset, class_weight=class_weight, epochs=2, shuffle=False, verbose=0)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_class_weights_train_as_those_of_keras_do() -> None:
    class_weight = {0: 3.0, 2: 0.0, 4: 0.5}
    ours = trained_weights(build(class_weight=class_weight).train, None)
    theirs = trained_weights(build().train, class_weight)
    unweighted = trained_weights(build().train, None)
    assert np.array_equal(ours, theirs)
    assert not np.array_equal(ours, unweighted)


def problem_keys(splits: Splits, class_weight: Any = None, **settings: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        build(splits=splits, class_weight=class_weight, **settings)
    return [problem.key for problem in caught.value.problems]


def test_one_hot_needs_class_indices() -> None:
    one_hot = Examples(np.zeros((3, 2)), np.eye(3))
    splits = Splits(one_hot, one_hot)
    assert problem_keys(splits, one_hot=True) == ["dataset.one_hot"]


def test_class_weights_need_class_indices() -> None:
    numbers = Examples(np.zeros((3, 2)), np.array([0.5, 1.5, 2.5]))
    assert problem_keys(Splits(numbers, numbers), {0: 2.0}) == ["objective.class_weight"]


def test_class_weights_and_sample_weights_exclude_each_other() -> None:
    splits = Splits(numbered(weighted=True), numbered())
    assert problem_keys(splits, {0: 2.0}) == ["objective.class_weight"]


@pytest.mark.parametrize("index", [-1, CLASSES])
def test_weights_of_classes_that_are_not_there(index: int) -> None:
    splits = Splits(numbered(), numbered())
    assert problem_keys(splits, {0: 1.0, index: 2.0}) == ["objective.class_weight"]


def test_sample_weights_of_validation_pass_through() -> None:
    validation = dataclasses.replace(numbered(8), sample_weight=np.arange(8.0))
    pipelines = build(splits=Splits(numbered(), numbered(), validation))
    assert pipelines.validation is not None
    (_, _, weight) = next(iter(pipelines.validation))
    assert weight.numpy().tolist() == list(range(8))


@pytest.mark.parametrize("start", [0, 1, 64])
def test_mapped_arrays_make_the_same_batches_wherever_they_begin(
    tmp_path: Path, start: int
) -> None:
    np.save(tmp_path / "x.npy", np.arange(200, dtype=np.uint8)[:, None])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="c")[start : start + COUNT]
    copied = np.array(mapped)
    pair = [Examples(x, np.arange(COUNT) % CLASSES) for x in (mapped, copied)]
    found, expected = (build(splits=Splits(e, e), divisor=1.0) for e in pair)
    assert order(found) == order(expected)
    assert numbers(found.test) == copied.ravel().tolist()


def test_mapped_arrays_are_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((64, 1), np.uint8))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="c")
    examples = Examples(mapped, np.zeros(64, np.int64))
    pipelines = build(splits=Splits(examples, examples), divisor=1.0)
    mapped[5] = 7
    assert numbers(pipelines.test)[5] == 7
