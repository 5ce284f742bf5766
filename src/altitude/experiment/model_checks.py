"""Checks that need imported classes, loaded data or the built model."""

from __future__ import annotations

import inspect

from altitude.calls.lazy_call import LazyCall, lazy_calls
from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem
from altitude.experiment import Experiment
from altitude.experiment.keras_objects import refused_arguments, wrong_kinds
from altitude.experiment.labels_and_loss import label_problems, logits_problems
from altitude.experiment.writable_folders import callback_folder_problems
from altitude.internals.keras import output_layer
from altitude.lazy import keras
from altitude.strategies import Strategy


def check_signatures(experiment: Experiment) -> None:
    """Checks the arguments of all lazy calls against the signatures of their targets.

    Keras' own classes are asked what they demand of the values, too.

    Args:
        experiment: The experiment, before anything of it is built.

    Raises:
        ConfigError: If a target cannot be imported, or does not take an argument or its value.
    """
    problems: list[Problem] = []
    for group in ("optimizer", "objective", "loop", "callbacks", "model"):
        for key, call in lazy_calls(group, getattr(experiment, group)):
            problems += call.problems(key, _positional(key, experiment.model))
    if not any(problem.key == "model._target_" for problem in problems):
        unwrapped = _unwrapped_class(experiment.model)
        problems = unwrapped + [p for p in problems if not (unwrapped and _is_of_model(p))]
    problems = problems or wrong_kinds(experiment) or refused_arguments(experiment)
    problems += callback_folder_problems(experiment.callbacks)
    if problems:
        raise ConfigError(problems)


def _unwrapped_class(model: object) -> list[Problem]:
    """Refuses a model class whose constructor does not take a data spec."""
    from hydra.utils import get_object

    target = get_object(model.target) if isinstance(model, LazyCall) else None
    if not (isinstance(target, type) and issubclass(target, keras.Model)):
        return []
    if "spec" in inspect.signature(target).parameters:
        return []
    expected = "a function that takes the data's spec and returns a model; this is a model class"
    instead = (
        f"_target_: altitude.models.Subclassed, model_class: {{_target_: {target.__module__}."
        f"{target.__qualname__}}} and, if it is made of inputs and outputs, network: ..."
    )
    return [Problem("model._target_", target.__qualname__, expected, instead)]


def _is_of_model(problem: Problem) -> bool:
    return problem.key.partition(".")[0] == "model"


def _positional(key: str, model: object) -> int:
    """Returns the number of positional arguments of a call: model builders take the spec."""
    if key == "model.model_class":
        return 0 if getattr(model, "network", None) is None else 2
    return 1 if key in ("model", "model.network") else 0


def check_built(model: keras.Model, loss: object, spec: DataSpec) -> None:
    """Compares the built model with the loss and the loaded data.

    Args:
        model: The model; only one with a single output is checked.
        loss: The loss, a Keras loss object or a function.
        spec: The form of the data.

    Raises:
        ConfigError: If labels, last layer and loss do not fit together.
    """
    name = type(loss).__name__
    outputs = getattr(model, "outputs", None)
    problems = label_problems(spec.labels, name, _width(outputs))
    if name.endswith("CategoricalCrossentropy") and not problems:
        problems = _rank_problems(outputs, spec)
    from_logits = getattr(loss, "from_logits", None)
    activation = output_activation(model)
    if from_logits is not None and activation is not None:
        problems += logits_problems(activation, from_logits, name)
    if problems:
        raise ConfigError(problems)


def check_distributable(model: keras.Model, strategy: Strategy) -> None:
    """Refuses a model class with a step of its own if there are several devices.

    Args:
        model: The model that was built.
        strategy: How training is distributed over devices.

    Raises:
        ConfigError: If it brings one of its own, and there are several devices.
    """
    from altitude.steps.overridden_methods import overrides

    own = [name for name in ("train_step", "test_step") if overrides(model, name)]
    if strategy.distributes and own:
        given = f"{type(model).__name__}, which brings a {own[0]} of its own"
        expected = f"a model whose step strategy={strategy.name} can share out"
        raise ConfigError([Problem("model", given, expected, "strategy=one_device")])


def _rank_problems(outputs: object, spec: DataSpec) -> list[Problem]:
    """Detects outputs whose rank does not match the labels, as without a Flatten."""
    if spec.labels.kind not in ("integer", "one_hot", "soft"):
        return []
    if not isinstance(outputs, list) or len(outputs) != 1 or len(outputs[0].shape) == 2:
        return []
    given = f"outputs of shape {tuple(outputs[0].shape[1:])} for one example"
    expected = f"one value a class, ({spec.num_classes},), for the labels that the data have"
    instead = "keras.layers.Flatten(), or a pooling layer, before the last keras.layers.Dense"
    return [Problem("model", given, expected, instead)]


def _width(outputs: object) -> int | None:
    if not isinstance(outputs, list) or len(outputs) != 1:
        return None
    width = outputs[0].shape[-1]
    return width if isinstance(width, int) else None


def output_activation(model: keras.Model) -> str | None:
    """Returns the name of the activation of a model's last layer; None if it is not known.

    Args:
        model: The model.
    """
    if not getattr(model, "outputs", None):
        return None
    layer = output_layer(model)
    name = type(layer).__name__.lower()
    if name in ("softmax", "sigmoid"):
        return name
    activation = getattr(layer, "activation", None)
    return getattr(activation, "__name__", None)
