"""Compiling a model: handing it the optimizer, the objective, and how it is to run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from altitude.calls.returned import check_returned
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.loops import Loop
from altitude.objective import Objective
from altitude.optimizers import Optimizer

USUAL = {
    "optimizer": "one optimizer, such as optimizer=adam",
    "objective": "a loss and metrics, such as objective=sparse_categorical",
}
"""What to write where a `compile` is Keras' own."""


def compile_model(
    model: keras.Model, optimizer: Optimizer, objective: Objective, loop: Loop
) -> None:
    """Calls the model's `compile`, which may be one of its class's own.

    What such a `compile` does not take of the loop's settings is set afterwards; and callbacks find
    its optimizers, where there are several, behind `model.optimizer`.

    Args:
        model: The model, not compiled.
        optimizer: A function that returns the optimizer; several by name for a class that takes
            them in a `compile` of its own.
        objective: The loss and metrics.
        loop: The loop, for its settings of `compile`.

    Raises:
        ConfigError: If `compile` does not take what is configured, or requires what is not.
    """
    from altitude.optimizers.group_optimizer import GroupOptimizer, OptimizerProxy

    several = isinstance(optimizer, Mapping)
    builders = optimizer if isinstance(optimizer, Mapping) else {"optimizer": optimizer}
    optimizers = {name: build() for name, build in builders.items()}
    for name, part in optimizers.items():
        if part is None:
            key = f"optimizer.{name}" if several else "optimizer"
            check_returned(key, part, keras.optimizers.Optimizer, builders[name])
    objectives = objective.compile_arguments()
    _require_fit(type(model), optimizers, objectives, several=several)
    for part in optimizers.values():
        if isinstance(part, GroupOptimizer):
            part.match_layers_of(model)
    settings = loop.compile_arguments()
    taken = {name: value for name, value in settings.items() if _takes(type(model), name)}
    model.compile(**optimizers, **objectives, **taken)
    for name in settings.keys() - taken.keys():
        if settings[name] != "auto":
            setattr(model, name, settings[name])
    if several and optimizers:
        model.optimizer = OptimizerProxy(optimizers, model.optimizer)


def _takes(model_class: type, name: str) -> bool:
    parameters = inspect.signature(model_class.compile).parameters  # type: ignore[attr-defined]
    return name in parameters or any(p.kind == p.VAR_KEYWORD for p in parameters.values())


def _require_fit(
    model_class: type,
    optimizers: Mapping[str, Any],
    objectives: Mapping[str, Any],
    *,
    several: bool,
) -> None:
    """Compares the arguments that were configured with those that a `compile` takes."""
    _self, *parameters = inspect.signature(
        model_class.compile  # type: ignore[attr-defined]
    ).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    names = [p.name for p in named]
    signature = f"`{model_class.__name__}.compile` takes {', '.join(names) or 'nothing'}"
    keys = {name: f"optimizer.{name}" if several else "optimizer" for name in optimizers}
    keys |= {name: f"objective.{name}" for name in objectives}
    problems = [
        Problem(keys[name], _described(value), f"nothing: {signature}", _instead(keys[name], names))
        for name, value in {**optimizers, **objectives}.items()
        if not _takes(model_class, name)
    ]
    problems += [
        Problem(key, "nothing", f"a value: {signature}", _instead(key, names))
        for key, parameter in {_key_of(p.name): p for p in named}.items()
        if parameter.default is parameter.empty and parameter.name not in keys
    ]
    if problems:
        raise ConfigError(problems)


def _key_of(name: str) -> str:
    """Where an argument of a `compile` is configured, to judge by its name."""
    return f"optimizer.{name}" if "opt" in name else f"objective.{name}"


def _described(value: Any) -> str:
    members = value if isinstance(value, list) else [value]
    return ", ".join(type(member).__name__ for member in members)


def _instead(key: str, names: list[str]) -> str:
    """What to write where a `compile` takes other arguments than those that were configured."""
    group = key.partition(".")[0]
    wanted = [name for name in names if _key_of(name).startswith(group)]
    if wanted == ["optimizer"] or "loss" in wanted:
        return USUAL[group]
    file = f"conf/{group}/mine.yaml"
    if not wanted:
        return f"{group}=mine, with an empty {file}"
    return f"{group}=mine, with a {file} that maps {' and '.join(wanted)} to classes"
