"""Running a step over a dataset at altitude 3, several batches to a call."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import keras
import tensorflow as tf

from altitude.steps import Batch, Logs


class Execution:
    """A step compiled for one model and one dataset.

    Args:
        model: The compiled model, which says how many batches a call runs, and how it is compiled.
        step: Called with the model and a batch.
        dataset: Batches; its cardinality must be known.
        stage: Which of the callbacks' methods are called.

    Raises:
        ValueError: If the dataset does not know how many batches it holds.
    """

    def __init__(
        self,
        model: keras.Model,
        step: Callable[[keras.Model, Batch], Logs],
        dataset: tf.data.Dataset,
        stage: Literal["train", "test"],
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.stage = stage
        self.num_batches = int(dataset.cardinality())
        if self.num_batches < 0:
            raise ValueError(
                "loop=tape needs a dataset that knows how many batches it holds. "
                "Received one of unknown or infinite cardinality. "
                "Use dataset.apply(tf.data.experimental.assert_cardinality(batches))"
            )
        self._run_batches = _compiled(model, step, dataset.element_spec)

    def run(self, watchers: keras.callbacks.CallbackList) -> Logs:
        """Runs the step over one pass of the dataset and returns the last batch's logs."""
        begin = getattr(watchers, f"on_{self.stage}_batch_begin")
        end = getattr(watchers, f"on_{self.stage}_batch_end")
        per_call = self.model.steps_per_execution
        batches = iter(self.dataset)
        logs: Logs = {}
        for first in range(0, self.num_batches, per_call):
            begin(first)
            logs = self._run_batches(batches, min(per_call, self.num_batches - first))
            end(first + per_call - 1, logs)
            if self.stage == "train" and self.model.stop_training:
                break
        return logs

    def evaluate(self, watchers: keras.callbacks.CallbackList) -> dict[str, float]:
        """Runs the step over the dataset from fresh metrics and returns them."""
        watchers.on_test_begin()
        self.model.reset_metrics()
        logs = epoch_logs(self.model, self.run(watchers))
        result = {name: float(keras.ops.convert_to_numpy(value)) for name, value in logs.items()}
        watchers.on_test_end(result)
        return result


def epoch_logs(model: keras.Model, logs: Logs) -> dict[str, Any]:
    """The metrics of an epoch: the model's own, unless the step reports others."""
    metrics: Mapping[str, Any] = model.get_metrics_result()
    return dict(metrics if metrics.keys() == logs.keys() else logs)


def _compiled(
    model: keras.Model, step: Callable[[keras.Model, Batch], Logs], batch_spec: Any
) -> Callable[[Any, int], Logs]:
    def run_batch_eagerly(batch: Batch) -> Logs:
        return step(model, batch)

    if model.run_eagerly:
        return lambda batches, count: [run_batch_eagerly(next(batches)) for _ in range(count)][-1]

    # As Keras does, without AutoGraph: a step says in TensorFlow what is to happen in the graph.
    run_batch = tf.function(
        run_batch_eagerly,
        reduce_retracing=True,
        autograph=False,
        jit_compile=model.jit_compile,
    )
    log_specs = run_batch.get_concrete_function(batch_spec).structured_outputs

    @tf.function(reduce_retracing=True, autograph=False)
    def run_batches(batches: Any, count: tf.Tensor) -> Logs:
        def run_next(done: tf.Tensor, _logs: Logs) -> tuple[tf.Tensor, Logs]:
            return done + 1, run_batch(next(batches))

        no_logs = tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), log_specs)
        _, logs = tf.while_loop(lambda done, _: done < count, run_next, (tf.constant(0), no_logs))
        return logs  # type: ignore[no-any-return]

    return lambda batches, count: run_batches(batches, tf.constant(count))
