"""Running a step over a dataset at altitude 3, several batches to a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from altitude.lazy import keras, tf
from altitude.steps import Batch, Logs, replicas

Stage = Literal["train", "test"]
"""Whether weights are updated; and which of the callbacks' methods are called."""


def compile_steps(model: keras.Model) -> None:
    """Compiles a model's `train_step` and `test_step` for `run_batches`.

    As with Keras, the model says how: `jit_compile`, `run_eagerly`, `steps_per_execution`.
    """
    model.run_train_batches = _compiled(model, replicas.on_all(model.train_step))
    model.run_test_batches = _compiled(model, replicas.on_all(model.test_step))


def run_batches(
    model: keras.Model,
    dataset: tf.data.Dataset,
    watchers: keras.callbacks.CallbackList,
    stage: Stage = "train",
) -> dict[str, Any]:
    """Runs a compiled step over one pass of a dataset, and the callbacks around its batches.

    Args:
        model: A model whose steps were compiled.
        dataset: Batches; its cardinality must be known.
        watchers: The callbacks.
        stage: Which of the two steps.

    Returns:
        The metrics over all batches: the model's own, unless the step reports others.

    Raises:
        ValueError: If the dataset does not know how many batches it holds.
    """
    num_batches = _cardinality(dataset)
    run: Callable[..., Logs] = getattr(model, f"run_{stage}_batches")
    begin, end = (getattr(watchers, f"on_{stage}_batch_{moment}") for moment in ("begin", "end"))
    per_call = model.steps_per_execution
    batches = iter(replicas.spread(dataset))
    logs: Logs = {}
    for first in range(0, num_batches, per_call):
        begin(first)
        logs = run(batches, min(per_call, num_batches - first))
        end(first + per_call - 1, logs)
        if stage == "train" and model.stop_training:
            break
    metrics: Mapping[str, Any] = model.get_metrics_result()
    return dict(metrics if metrics.keys() == logs.keys() else logs)


def evaluate(
    model: keras.Model, dataset: tf.data.Dataset, watchers: keras.callbacks.CallbackList
) -> dict[str, float]:
    """Runs the test step over a dataset from fresh metrics and returns them."""
    watchers.on_test_begin()
    model.reset_metrics()
    logs = run_batches(model, dataset, watchers, "test")
    result = {name: float(keras.ops.convert_to_numpy(value)) for name, value in logs.items()}
    watchers.on_test_end(result)
    return result


def _cardinality(dataset: tf.data.Dataset) -> int:
    count = int(dataset.cardinality())
    if count < 0:
        raise ValueError(
            "loop=tape needs a dataset that knows how many batches it holds. "
            "Received one of unknown or infinite cardinality. "
            "Use dataset.apply(tf.data.experimental.assert_cardinality(batches))"
        )
    return count


def _compiled(model: keras.Model, step: Callable[[Batch], Logs]) -> Callable[[Any, int], Logs]:
    if model.run_eagerly:
        return lambda batches, count: [step(next(batches)) for _ in range(count)][-1]

    if tf.distribute.has_strategy():
        return _distributed(model, step)

    # As Keras does, without AutoGraph: a step says in TensorFlow what is to happen in the graph.
    @tf.function(reduce_retracing=True, autograph=False, jit_compile=model.jit_compile)
    def run_batch(batch: Batch, _trainable: tuple[bool, ...]) -> Logs:
        return step(batch)

    @tf.function(reduce_retracing=True, autograph=False)
    def run_batches(batches: Any, count: tf.Tensor, trainable: tuple[bool, ...]) -> Logs:
        traced = run_batch.get_concrete_function(batches.element_spec, trainable)

        def run_next(done: tf.Tensor, _logs: Logs) -> tuple[tf.Tensor, Logs]:
            return done + 1, run_batch(next(batches), trainable)

        no_logs = tf.nest.map_structure(
            lambda spec: tf.zeros(spec.shape, spec.dtype), traced.structured_outputs
        )
        _, logs = tf.while_loop(lambda done, _: done < count, run_next, (tf.constant(0), no_logs))
        return logs  # type: ignore[no-any-return]

    # A graph holds what was trainable when it was traced: a change asks for another graph.
    return lambda batches, count: run_batches(batches, tf.constant(count), _trainable(model))


def _distributed(model: keras.Model, step: Callable[[Batch], Logs]) -> Callable[[Any, int], Logs]:
    """A call of the graph for each batch: between processes, a loop in the graph does not work."""

    @tf.function(reduce_retracing=True, autograph=False)
    def run_next(batches: Any, _trainable: tuple[bool, ...]) -> Logs:
        return step(next(batches))

    return lambda batches, count: [run_next(batches, _trainable(model)) for _ in range(count)][-1]


def _trainable(model: keras.Model) -> tuple[bool, ...]:
    return tuple(bool(variable.trainable) for variable in model.variables)
