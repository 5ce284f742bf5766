"""A step on several replicas: each has a copy of the model and its share of every batch.

A step computes means over the examples that it sees. What makes them means over the whole batch is
here, and nowhere else. With one replica every function returns what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from altitude.internals.keras import build_from_batch, set_first_build
from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, BatchFunction, Logs

_share: ContextVar[Any] = ContextVar("share", default=None)
"""Which part of the batch's examples this replica has, a scalar from 0 to 1."""


def replica_count() -> int:
    """Returns the number of replicas, over all processes."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def is_first_replica() -> bool:
    """Returns whether this is the first replica of its process: each one traces the step."""
    context = tf.distribute.get_replica_context()
    if context is None or replica_count() == 1:
        return True
    here = len(tf.distribute.get_strategy().extended.worker_devices)
    return int(tf.get_static_value(context.replica_id_in_sync_group)) % here == 0


def distribute(dataset: tf.data.Dataset) -> Any:
    """Returns a dataset each of whose batches is shared out among the replicas.

    Args:
        dataset: Whole batches, as a single device takes them.

    Returns:
        A distributed dataset under a `tf.distribute` strategy, else `dataset` itself.
    """
    if not tf.distribute.has_strategy():
        return dataset
    return tf.distribute.get_strategy().experimental_distribute_dataset(dataset)


def on_all_replicas(step: BatchFunction) -> Callable[[Any], Logs]:
    """Returns a step of the whole batch, given one that runs on each replica.

    Its logs are those of this process's first replica.

    Args:
        step: A function of one replica's share of a batch, which returns logs.

    Returns:
        A function of a distributed batch; `step` itself without a strategy.
    """
    if not tf.distribute.has_strategy():
        return step
    strategy = tf.distribute.get_strategy()

    def run(batch: Any) -> Logs:
        return tf.nest.map_structure(_local, dict(strategy.run(step, args=(batch,))))  # type: ignore[no-any-return]

    return run


def with_shard_weight(model: keras.Model, step: BatchFunction) -> BatchFunction:
    """Returns a step that knows the weight of its replica's share of the batch.

    Args:
        model: The model that the step trains; its metrics are summed over the replicas.
        step: A function of one replica's share of a batch.

    Returns:
        The step to run on each replica; `step` itself if there is only one.
    """
    if replica_count() == 1:
        return step

    def run(batch: Batch) -> Logs:
        mine = tf.cast(tf.shape(tf.nest.flatten(batch)[0])[0], tf.float32)
        token = _share.set(mine / _sum(mine))
        try:
            logs = step(batch)
        finally:
            _share.reset(token)
        return _of_all(model, logs)

    return run


def weigh_loss_by_shard(model: keras.Model) -> None:
    """Makes Keras' own step weigh the loss of each replica by its number of examples.

    Keras gives each replica the same weight, also in the short last batch.

    Args:
        model: The compiled model, whose optimizer's `scale_loss` is replaced if there are several
            replicas.
    """
    if replica_count() == 1:
        return
    scale_loss = model.optimizer.scale_loss
    model.optimizer.scale_loss = lambda loss: scale_loss(loss) * _share.get() * replica_count()


def unscaled(loss: tf.Tensor) -> tf.Tensor:
    """Reverts Keras' division of a loss by the number of replicas.

    Keras divides because its optimizers sum gradients over replicas.

    Args:
        loss: The loss that Keras computed on this replica, a scalar.

    Returns:
        The mean loss of this replica's examples.
    """
    return loss if replica_count() == 1 else loss * tf.cast(replica_count(), loss.dtype)


def zero_if_empty(mean: tf.Tensor) -> tf.Tensor:
    """Returns a mean over this replica's examples; 0 if a short batch has left it none.

    Args:
        mean: A mean over the examples of this replica, NaN if it has none.
    """
    share = _share.get()
    return mean if share is None else tf.math.multiply_no_nan(mean, _as(tf.sign(share), mean))


def averaged(gradients: Sequence[Any]) -> Sequence[Any]:
    """Averages gradients over the whole batch, weighted by the examples of each replica.

    Args:
        gradients: The gradients on this replica; None for a variable that the loss does not reach.

    Returns:
        Gradients that are the same on all replicas, in the order given.
    """
    share = _share.get()
    if share is None:
        return gradients
    return _sum([_weighted(gradient, share) for gradient in gradients])  # type: ignore[no-any-return]


def divide_by_replicas(gradients: Sequence[Any]) -> Sequence[Any]:
    """Divides gradients by the number of replicas, because Keras' optimizers sum over replicas.

    Args:
        gradients: Gradients that are the same on all replicas; entries may be None.

    Returns:
        As many gradients, in the order given.
    """
    count = replica_count()
    return gradients if count == 1 else [_weighted(g, 1 / count) for g in gradients]


def build_from_one_shard(model: keras.Model) -> None:
    """Makes Keras build a model from one replica's share of a batch.

    That needs shares of the same length, which those of a short batch are not.

    By itself Keras adds the shares up, element by element, which fails if a short batch gives them
    different lengths.

    Args:
        model: The compiled model, not built yet.
    """
    if replica_count() == 1:
        return

    def build(iterator: Any) -> None:
        _, _, batches = next(iter(iterator))
        build_from_batch(model, tf.nest.map_structure(_local, next(batches)))

    set_first_build(model, build)


def _local(value: Any) -> Any:
    """What a value is on the first replica of this process."""
    return tf.distribute.get_strategy().experimental_local_results(value)[0]


def _weighted(gradient: Any, weight: Any) -> Any:
    if isinstance(gradient, tf.IndexedSlices):
        return tf.math.scalar_mul(_as(weight, gradient), gradient)
    return tf.math.multiply_no_nan(gradient, _as(weight, gradient))


def _as(value: Any, other: Any) -> tf.Tensor:
    return tf.cast(value, other.dtype)


def _sum(values: Any) -> Any:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def _of_all(model: keras.Model, logs: Logs) -> Logs:
    """The logs over all replicas, where Keras does not read them from the metrics itself."""
    if logs.keys() == model.get_metrics_result().keys():
        return logs
    results: dict[str, Any] = {}
    for metric in model.metrics:
        # Collectives require tensors, which have a device; variables of metrics have none.
        state = [tf.identity(variable.value) for variable in metric.variables]
        result = metric.stateless_result(_sum(state)) if state else {}
        results |= result if isinstance(result, dict) else {metric.name: result}
    return {name: results.get(name, value) for name, value in logs.items()}
