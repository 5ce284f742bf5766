"""Compiling a model: handing it the optimizer, the objective, and how it is to run."""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from altitude.errors import ConfigError, Problem
from altitude.loops import Loop
from altitude.objective import Objective

if TYPE_CHECKING:
    import keras

INSTEAD = {
    "optimizer": "a mapping of those names to optimizers, in a file of your own in conf/optimizer",
    "objective": "a mapping of those names to losses, in a file of your own in conf/objective",
}
"""What to write where a `compile` takes other arguments than Keras' own."""

Optimizer = Callable[[], Any] | Mapping[str, Callable[[], Any]]
"""Returns the optimizer; or several such functions, by the names that a model class has for them
in a `compile` of its own."""


def compile_model(
    model: "keras.Model", optimizer: Optimizer, objective: Objective, loop: Loop
) -> None:
    """Calls the model's `compile`, which may be one of its class's own.

    What such a `compile` does not take of the loop's settings is set afterwards; and callbacks find
    its optimizers, where there are several, behind `model.optimizer`.

    Raises:
        ConfigError: If it does not take what was configured, or takes what was not.
    """
    several = isinstance(optimizer, Mapping)
    builders = optimizer if isinstance(optimizer, Mapping) else {"optimizer": optimizer}
    optimizers = {name: build() for name, build in builders.items()}
    objectives = objective.compile_arguments()
    keys = {name: f"optimizer.{name}" if several else "optimizer" for name in optimizers}
    _require_fit(type(model), keys | {name: f"objective.{name}" for name in objectives})
    settings = loop.compile_arguments()
    taken = {name: value for name, value in settings.items() if _takes(type(model), name)}
    model.compile(**optimizers, **objectives, **taken)
    for name in settings.keys() - taken.keys():
        if settings[name] != "auto":
            setattr(model, name, settings[name])
    if several:
        from altitude.optimizers.group_optimizer import GroupOptimizer

        model.optimizer = GroupOptimizer(optimizers)


def _takes(model_class: type, name: str) -> bool:
    parameters = inspect.signature(model_class.compile).parameters  # type: ignore[attr-defined]
    return name in parameters or any(p.kind == p.VAR_KEYWORD for p in parameters.values())


def _require_fit(model_class: type, keys: Mapping[str, str]) -> None:
    """Compares the arguments that were configured with those that a `compile` takes.

    Args:
        model_class: The model's class.
        keys: The config key of each argument that was configured, by its name.
    """
    _self, *parameters = inspect.signature(
        model_class.compile  # type: ignore[attr-defined]
    ).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    signature = f"{model_class.__name__}.compile takes {', '.join(p.name for p in named)}"
    problems = [
        Problem(key, name, f"nothing called {name}: {signature}", INSTEAD[key.partition(".")[0]])
        for name, key in keys.items()
        if not _takes(model_class, name)
    ]
    problems += [
        Problem(f"optimizer.{p.name} or objective.{p.name}", "nothing", f"a value: {signature}")
        for p in named
        if p.default is p.empty and p.name not in keys
    ]
    if problems:
        raise ConfigError(problems)
