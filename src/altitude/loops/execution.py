"""Running a step over a dataset at altitude 3, several batches to a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from altitude.lazy import keras, tf
from altitude.loops.bound_step import BoundStep
from altitude.steps import Logs, replicas

Stage = Literal["train", "test"]
"""The step, which decides about updates and about the methods of callbacks that are called."""


def run_batches(
    model: keras.Model,
    dataset: tf.data.Dataset,
    watchers: keras.callbacks.CallbackList,
    stage: Stage = "train",
) -> dict[str, Any]:
    """Runs a compiled step over one pass of a dataset, and the callbacks around its batches.

    Args:
        model: A model that was prepared by its loop.
        dataset: Batches; its cardinality must be known.
        watchers: The callbacks.
        stage: The step to run, `train` or `test`.

    Returns:
        The metrics over all batches: the model's own, unless the step reports others.

    Raises:
        ValueError: If the dataset does not know how many batches it holds.
    """
    num_batches = _cardinality(dataset)
    step: BoundStep = getattr(model, f"{stage}_step")
    begin, end = (getattr(watchers, f"on_{stage}_batch_{moment}") for moment in ("begin", "end"))
    per_call = model.steps_per_execution
    batches = iter(replicas.distribute(dataset))
    logs: Logs = {}
    for first in range(0, num_batches, per_call):
        begin(first)
        logs = step.run(batches, min(per_call, num_batches - first))
        end(first + per_call - 1, logs)
        if stage == "train" and model.stop_training:
            break
    metrics: Mapping[str, Any] = model.get_metrics_result()
    return dict(metrics if metrics.keys() == logs.keys() else logs)


def evaluate(
    model: keras.Model, dataset: tf.data.Dataset, watchers: keras.callbacks.CallbackList
) -> dict[str, float]:
    """Runs the test step over a dataset, with metrics that are reset first, and returns them.

    Args:
        model: The compiled model with a bound test step.
        dataset: The batches.
        watchers: The callbacks to call around the batches.

    Returns:
        The metrics of the whole dataset, by name.
    """
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
