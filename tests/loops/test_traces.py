"""Steps are traced as often as their batches ask for; what is traced more often is told why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from altitude import run
from altitude.data import Dataset
from altitude.data.spec import DataSpec, LabelSpec
from altitude.loops import Fit, Loop, Tape, TrainStep
from altitude.loops.traces import Traces
from tests.conftest import ExperimentFactory

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from altitude.data.pipeline import Pipelines

BOUNDARIES = (5, 9)
"""Lengths at which the next bucket begins: three buckets."""


def small_model() -> Any:
    import keras

    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(1, name="last")(inputs))


def traced_with(traces: Traces, model: Any, *batches: Any) -> None:
    """Compiles a step as it is and feeds it."""
    import tensorflow as tf

    def step(batch: Any) -> Any:
        return {"sum": tf.reduce_sum(tf.nest.flatten(batch)[0])}

    compiled = tf.function(traces.counted("train_step", model, step))
    for batch in batches:
        compiled(tf.nest.map_structure(tf.constant, batch))


def rows(count: int) -> Any:
    return np.ones((count, 3), np.float32)


def labels(count: int) -> Any:
    return np.ones(count, np.float32)


def test_batches_of_one_shape_are_one_trace() -> None:
    traces = Traces()
    traced_with(traces, small_model(), *[(rows(4), labels(4))] * 3)
    assert traces.counts == {"train_step": 1}
    assert traces.warnings() == []


def test_a_new_shape_is_told_with_the_argument_and_its_shapes() -> None:
    traces = Traces()
    traced_with(traces, small_model(), (rows(4), labels(4)), (rows(2), labels(2)))
    assert traces.counts == {"train_step": 2}
    (warning,) = traces.warnings()
    assert "train_step was traced 2 times where 1 would do" in warning
    assert "x was float32 (4, 3), then float32 (2, 3)" in warning
    assert "y was float32 (4,), then float32 (2,)" in warning


def test_arguments_inside_mappings_are_told_by_their_keys() -> None:
    traces = Traces()
    batches = [({"words": rows(n), "length": labels(2)}, labels(2)) for n in (4, 2)]
    traced_with(traces, small_model(), *batches)
    (warning,) = traces.warnings()
    assert "x[words] was" in warning
    assert "x[length] was" not in warning


def test_a_sample_weight_is_reason_enough_for_another_trace() -> None:
    traces = Traces()
    batches = [(rows(4), labels(4)), (rows(4), labels(4), labels(4))]
    traced_with(traces, small_model(), *batches)
    assert traces.counts == {"train_step": 2}
    assert traces.warnings() == []


def test_so_is_a_change_of_what_is_trainable() -> None:
    traces, model = Traces(), small_model()
    traced_with(traces, model, (rows(4), labels(4)))
    model.get_layer("last").trainable = False
    traced_with(traces, model, (rows(4), labels(4)))
    assert traces.counts == {"train_step": 2}
    assert traces.warnings() == []


def test_a_trace_without_any_such_reason_is_told_to_come_from_elsewhere() -> None:
    traces, model = Traces(), small_model()
    for _ in range(2):
        traced_with(traces, model, (rows(4), labels(4)))
    (warning,) = traces.warnings()
    assert "with the same shapes each time" in warning


def test_a_step_that_runs_eagerly_is_not_counted() -> None:
    traces, model = Traces(), small_model()
    model.compile(run_eagerly=True)
    traces.counted("train_step", model, lambda _batch: {})((rows(4), labels(4)))
    assert traces.counts == {}


@dataclass(frozen=True, kw_only=True)
class Sentences(Dataset):
    """A user's own dataset: sequences of words, as long as they happen to be."""

    bucketed: bool

    def build(self, seed: int, class_weight: Mapping[int, float] | None) -> "Pipelines":  # noqa: ARG002
        import tensorflow as tf

        from altitude.data.pipeline import Pipelines

        return Pipelines(
            train=self._batches(seed),
            epoch=tf.Variable(0, dtype=tf.int64, trainable=False),
            validation=self._batches(seed + 1),
            test=self._batches(seed + 2),
            spec=DataSpec((), LabelSpec("integer", 10)),
            fingerprint="sentences",
        )

    def _batches(self, seed: int) -> "tf.data.Dataset":
        import tensorflow as tf

        sentences = tf.data.Dataset.from_generator(
            lambda: _sentences(seed),
            output_signature=(tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.int32)),
        )
        if self.bucketed:
            batches = sentences.bucket_by_sequence_length(
                lambda words, _: tf.size(words), list(BOUNDARIES), [8] * (len(BOUNDARIES) + 1)
            )
        else:
            batches = sentences.padded_batch(8)
        count = int(batches.reduce(0, lambda count, _: count + 1))
        return batches.apply(tf.data.experimental.assert_cardinality(count))


def _sentences(seed: int) -> Any:
    generator = np.random.default_rng(seed)
    for length in generator.integers(2, 13, size=50):
        yield generator.integers(0, 10, size=length), generator.integers(0, 10)


def reader(_spec: DataSpec) -> "keras.Model":
    import keras

    words = keras.Input((None,), dtype="int32")
    meaning = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(10, 4)(words))
    return keras.Model(words, keras.layers.Dense(10)(meaning))


@pytest.mark.slow
@pytest.mark.parametrize("cls", [Fit, TrainStep, Tape])
@pytest.mark.parametrize("bucketed", [False, True])
def test_sequences_of_all_lengths_take_no_more_than_one_trace_a_bucket(
    small_experiment: ExperimentFactory, cls: type[Loop], *, bucketed: bool
) -> None:
    loop = cls(epochs=2, steps_per_execution=2)
    result = run(small_experiment(dataset=Sentences(bucketed=bucketed), model=reader, loop=loop))
    buckets = len(BOUNDARIES) + 1 if bucketed else 1
    assert set(result.traces) == {"train_step", "test_step"}
    assert max(result.traces.values()) <= buckets
