"""What can only be checked on real classes, loaded data and a built model."""

from typing import TYPE_CHECKING

from altitude.checks.agreement import label_problems, logits_problems
from altitude.data.spec import DataSpec
from altitude.deferred import Deferred
from altitude.errors import ConfigError, Problem
from altitude.experiment import Experiment

if TYPE_CHECKING:
    import keras


def check_signatures(experiment: Experiment) -> None:
    """Binds the arguments of every class that is named but not built yet to its signature.

    Raises:
        ConfigError: If a target cannot be imported, or does not take an argument.
    """
    objective = experiment.objective
    named = {
        "optimizer": experiment.optimizer,
        "objective.loss": objective.loss,
        **{f"objective.metrics.{name}": m for name, m in objective.metrics.items()},
        **{f"objective.weighted_metrics.{n}": m for n, m in objective.weighted_metrics.items()},
        **{f"callbacks.{name}": callback for name, callback in experiment.callbacks.items()},
    }
    problems: list[Problem] = []
    for key, call in named.items():
        problems += call.problems(key) if isinstance(call, Deferred) else []
    if isinstance(experiment.model, Deferred):
        problems += experiment.model.problems("model", positional=1)
    if problems:
        raise ConfigError(problems)


def check_built(model: "keras.Model", loss: object, spec: DataSpec) -> None:
    """Compares the built model with the loss and the loaded data.

    Args:
        model: The model; only one with a single output is checked.
        loss: The loss, a Keras loss object or a function.
        spec: What the data looks like.

    Raises:
        ConfigError: If labels, last layer and loss do not fit together.
    """
    name = type(loss).__name__
    outputs = getattr(model, "outputs", None)
    problems = label_problems(spec.labels, name, _width(outputs))
    from_logits = getattr(loss, "from_logits", None)
    activation = _output_activation(model)
    if from_logits is not None and activation is not None:
        problems += logits_problems(activation, from_logits, name)
    if problems:
        raise ConfigError(problems)


def _width(outputs: object) -> int | None:
    if not isinstance(outputs, list) or len(outputs) != 1:
        return None
    width = outputs[0].shape[-1]
    return width if isinstance(width, int) else None


def _output_activation(model: "keras.Model") -> str | None:
    if not getattr(model, "outputs", None):
        return None
    layer = model.outputs[0]._keras_history.operation
    name = type(layer).__name__.lower()
    if name in ("softmax", "sigmoid"):
        return name
    activation = getattr(layer, "activation", None)
    return getattr(activation, "__name__", None)
