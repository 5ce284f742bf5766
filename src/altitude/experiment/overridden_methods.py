"""Checks that no overridden method of a model class is ignored."""

from __future__ import annotations

from altitude.errors import ConfigError, Problem
from altitude.lazy import keras
from altitude.loops import Loop, SteppingLoop
from altitude.steps import Step, Supervised


def check_overrides(model: keras.Model, loop: Loop) -> None:
    """Checks that the loop calls every method that the model class overrides.

    Args:
        model: The model that was built.
        loop: The loop that will train it.

    Raises:
        ConfigError: If the class overrides a method that is never called, or brings a step of its
            own as well as one that was configured.
    """
    problems = _bypassed(model, loop)
    if isinstance(loop, SteppingLoop):
        problems += _duplicate_steps(model, loop)
    if problems:
        raise ConfigError(problems)


def _bypassed(model: keras.Model, loop: Loop) -> list[Problem]:
    from altitude.steps.overridden_methods import overrides

    names = [name for name in loop.bypassed_methods if overrides(model, name)]
    if not names:
        return []
    listed = " and ".join(f"`{name}`" for name in names)
    given = f"{type(model).__name__}, which overrides {listed}"
    expected = f"a class without: loop={loop.name} never calls {listed}"
    return [Problem("model", given, expected, loop.instead_of_bypassing)]


def _duplicate_steps(model: keras.Model, loop: SteppingLoop) -> list[Problem]:
    """Refuses a configured step if the model class has its own."""
    from altitude.steps.overridden_methods import overrides

    name, step = type(model).__name__, loop.step
    default = "loop.step._target_=altitude.steps.Supervised, the default"
    problems = []
    if overrides(model, "train_step"):
        brings = f"{name} brings a `train_step` of its own"
        if step != Supervised():
            problems.append(Problem("loop.step", _name(step), f"the default: {brings}", default))
        if loop.clip_norm is not None:
            instead = f"optimizer.global_clipnorm={loop.clip_norm}"
            problems.append(
                Problem("loop.clip_norm", str(loop.clip_norm), f"null: {brings}", instead)
            )
    elif overrides(model, "test_step") and type(step).evaluate is not Step.evaluate:
        expected = f"a step without `evaluate`: {name} brings a `test_step` of its own"
        problems.append(Problem("loop.step", _name(step), expected, default))
    return problems


def _name(step: Step) -> str:
    return type(step).__name__
