"""The variables of a compiled model."""

from __future__ import annotations

from typing import Any

from altitude.internals.keras import all_layers
from altitude.lazy import keras, tf

SKIPPED_UPDATES = "skipped_updates"
"""The variable and the metric that count the updates that were left out, over the training."""


def variables(model: keras.Model) -> list[tf.Variable]:
    """Returns all variables of a compiled model but those of its metrics, in a fixed order.

    Args:
        model: The compiled model.
    """
    known = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    found = [tf_variable(variable) for variable in known]
    for layer in all_layers(model):
        found += [value for value in vars(layer).values() if isinstance(value, tf.Variable)]
    return list({id(variable): variable for variable in found}.values())


def metric_variables(model: keras.Model) -> list[tf.Variable]:
    """Returns the variables of a model's metrics, which are reset before each epoch and evaluation.

    Args:
        model: The compiled model.
    """
    return [tf_variable(variable) for metric in model.metrics for variable in metric.variables]


def tf_variable(variable: Any) -> tf.Variable:
    """Returns TensorFlow's variable behind a Keras variable.

    Args:
        variable: A variable of Keras or TensorFlow; the latter is returned as it is.
    """
    return getattr(variable, "value", variable) if hasattr(variable, "path") else variable
