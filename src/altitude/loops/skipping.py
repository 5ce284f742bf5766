"""Leaves out updates that are not finite, inside the graph of the step."""

from __future__ import annotations

from typing import Any

from altitude.internals.keras import build_from_batch
from altitude.lazy import keras, tf
from altitude.models.variables import SKIPPED_UPDATES, metric_variables, variables
from altitude.steps.batch import Batch, BatchFunction, Logs
from altitude.steps.overridden_methods import overrides_train_step


def skip_non_finite(model: keras.Model, step: BatchFunction) -> BatchFunction:
    """Returns a step after which nothing has happened if its update is not finite.

    Not finite is an update whose loss is NaN or infinite, or that makes such values in a variable:
    weights, the optimizer's moments, accumulated gradients. All variables are put back then: those
    too, and metrics, averages, batch statistics and seeds. This takes a copy of all for each batch.

    Args:
        model: The compiled model.
        step: The function that trains on a batch and returns logs.

    Returns:
        The step, whose logs have the metric `skipped_updates`, too.
    """
    skipped = tf.Variable(0, trainable=False, dtype=tf.int32, name=SKIPPED_UPDATES)
    # An attribute of the model, so that it is part of the training's state.
    model.skipped_updates = skipped

    def guarded(batch: Batch) -> Logs:
        if not overrides_train_step(model):
            build_from_batch(model, batch)  # variables of metrics, which are put back as well
        kept = [v for v in _all_variables(model) if v is not skipped]
        before = [tf.identity(variable) for variable in kept]
        logs = step(batch)
        losses = tf.reduce_all(_losses(logs) or [True])
        changes = list(zip(before, kept, strict=True))

        def put_back() -> tf.Tensor:
            finite = tf.reduce_all([losses, *(_stays_finite(*change) for change in changes)])
            for old, variable in changes:
                variable.assign(tf.where(finite, variable, old))
            return tf.cast(~finite, tf.int32)

        finite = tf.reduce_all([losses, *(_is_finite(v) for v in kept if v.dtype.is_floating)])
        skipped.assign_add(tf.cond(finite, lambda: tf.constant(0), put_back))
        return {**_logs_again(model, logs), SKIPPED_UPDATES: tf.identity(skipped)}

    return guarded


def _all_variables(model: keras.Model) -> list[tf.Variable]:
    return [*variables(model), *metric_variables(model)]


def _losses(logs: Logs) -> list[tf.Tensor]:
    return [_is_finite(value) for name, value in logs.items() if name.endswith("loss")]


def _stays_finite(old: tf.Tensor, variable: tf.Variable) -> tf.Tensor:
    if not variable.dtype.is_floating:
        return tf.constant(True)
    return tf.reduce_all(tf.math.is_finite(variable) | ~tf.math.is_finite(old))


def _is_finite(value: Any) -> tf.Tensor:
    return tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(value)))


def _logs_again(model: keras.Model, logs: Logs) -> dict[str, Any]:
    """The logs, with the results of the model's metrics after these may have been put back."""
    results = model.get_metrics_result()
    return {name: results.get(name, value) for name, value in logs.items()}
