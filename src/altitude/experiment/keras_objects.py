"""Checks the arguments of Keras classes by building them once."""

from __future__ import annotations

import inspect
from typing import Any

from altitude.calls.lazy_call import LazyCall, lazy_calls
from altitude.calls.targets import nested_targets
from altitude.errors import Problem, did_you_mean
from altitude.experiment import Experiment
from altitude.lazy import keras

KERAS = "keras."


def refused_arguments(experiment: Experiment) -> list[Problem]:
    """Finds the arguments that Keras' optimizers, losses, metrics and callbacks refuse.

    Only what is of Keras through and through: a class of the user's own is built when it is needed.

    Each object is built once and discarded. Classes of the user's own are left alone: they are
    built when they are needed.

    Args:
        experiment: The experiment whose signatures are right.

    Returns:
        One problem for each refused object, and for an unknown activation of the model.
    """
    problems = []
    for group in ("optimizer", "objective", "callbacks"):
        for key, call in lazy_calls(group, getattr(experiment, group)):
            problems += _refused(key, call) if _is_of_keras(call) else []
    return problems + _unknown_activation(experiment.model)


def wrong_kinds(experiment: Experiment) -> list[Problem]:
    """Checks that the configured classes extend the ones that Keras expects.

    Functions may return what they like; a `compile` of a model class's own takes what it likes.

    Args:
        experiment: The experiment whose signatures are right.

    Returns:
        One problem for each class that does not extend what its place expects.
    """
    kinds: list[tuple[str, Any, type]] = [
        ("optimizer", experiment.optimizer, keras.optimizers.Optimizer),
        ("objective.loss", experiment.objective.loss, keras.losses.Loss),
    ]
    kinds += [
        (f"callbacks.{name}", callback, keras.callbacks.Callback)
        for name, callback in experiment.callbacks.items()
    ]
    kinds += [
        (f"objective.metrics.{name}", metric, keras.metrics.Metric)
        for name, metric in experiment.objective.metrics.items()
    ]
    return [problem for key, call, kind in kinds for problem in _wrong_kind(key, call, kind)]


def _wrong_kind(key: str, call: Any, kind: type) -> list[Problem]:
    if not isinstance(call, LazyCall) or call.arguments.get("_partial_"):
        return []
    target, problems = call.found(key)
    expected = f"a class that extends {kind.__name__} of Keras, or a function that returns one"
    if problems or (isinstance(target, type) and issubclass(target, kind)):
        return []
    if inspect.isroutine(target) and not inspect.isbuiltin(target):
        return []
    return [Problem(f"{key}._target_", call.target, expected)]


def _is_of_keras(call: LazyCall) -> bool:
    nested = [str(node["_target_"]) for _, node in nested_targets("", call.arguments)]
    return all(target.startswith(KERAS) for target in [call.target, *nested])


def _refused(key: str, call: LazyCall) -> list[Problem]:
    from hydra.errors import InstantiationException

    try:
        call()
    except InstantiationException as error:
        reason = " ".join(str(error.__cause__ or error).split())
        blamed = [name for name in call.arguments if name in reason.replace("`", " ").split()]
        name = blamed[0] if len(blamed) == 1 else ""
        given = repr(call.arguments[name]) if name else repr(dict(call.arguments))
        place = f"{key}.{name}" if name else key
        return [Problem(place, given, f"what `{call.target}` accepts: {reason[:300]}")]
    return []


def _unknown_activation(model: Any) -> list[Problem]:
    """Checks the activation of the packaged model builders."""
    name = getattr(model, "activation", None)
    if not type(model).__module__.startswith("altitude.") or not isinstance(name, str):
        return []
    try:
        keras.activations.get(name)
    except ValueError:
        known = [n for n in dir(keras.activations) if n.islower() and not n.startswith("_")]
        names = sorted(set(known) - {"get", "serialize", "deserialize"})
        expected = f"an activation of Keras: {', '.join(names)}"
        return [Problem("model.activation", repr(name), expected, did_you_mean(name, names))]
    return []
