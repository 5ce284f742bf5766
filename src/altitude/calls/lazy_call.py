"""Calls that are described now, and made when their result is needed."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from altitude.calls.targets import KEYWORDS, find_target, nested_targets
from altitude.calls.walk import walk
from altitude.errors import Problem, did_you_mean
from altitude.session import start_tensorflow

FEW = 3
"""How many unknown arguments are mistakes in typing; more are those of another class."""


@dataclass(frozen=True)
class LazyCall:
    """A call that has not been made: a target's import path and its arguments.

    Calling it imports the target and calls it, so that an experiment can name Keras classes
    without importing TensorFlow, and builds fresh objects for every run.

    Attributes:
        target: Import path of a class or function, such as `keras.optimizers.Adam`.
        arguments: Its keyword arguments. A mapping with a `_target_` of its own is built first.
        template: The call that this one was filled in from; None for one that was written so.

    Example:
        >>> from altitude import LazyCall
        >>> adam = LazyCall("keras.optimizers.Adam", {"learning_rate": 0.01})
        >>> adam.class_name
        'Adam'
        >>> optimizer = adam()  # imports Keras
        >>> round(float(optimizer.learning_rate), 4)
        0.01
    """

    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    template: "LazyCall | None" = field(default=None, init=False, repr=False, compare=False)

    def resolved(self, arguments: Mapping[str, Any]) -> "LazyCall":
        """Returns the call with other arguments and this one as its template.

        Args:
            arguments: The arguments by name, with interpolations resolved.
        """
        call = LazyCall(self.target, arguments)
        object.__setattr__(call, "template", self)  # the way to set a field of a frozen dataclass
        return call

    def __call__(self, *positional: Any) -> Any:
        """Imports the target, calls it, and returns the result.

        Args:
            *positional: Positional arguments, which come before the keyword arguments.

        Returns:
            What the target returned.

        Raises:
            hydra.errors.InstantiationException: If the target cannot be imported or raises.
        """
        from altitude.internals.hydra import call_target

        # Plain lists and mappings: Keras cannot save a model that holds OmegaConf's own.
        call = {"_target_": self.target, "_convert_": "object", **self.arguments}
        targets = [str(node["_target_"]) for _, node in nested_targets("", call)]
        return call_target(call, *positional, targets=targets)

    @property
    def class_name(self) -> str:
        """The last part of the target, such as `Adam`."""
        return self.target.rpartition(".")[2]

    def found(self, key: str) -> tuple[Any, list[Problem]]:
        """Imports the target without calling it.

        Args:
            key: The config key that holds this call.

        Returns:
            The class or function, or None if there are problems; and the problems.
        """
        if not self.target.startswith("altitude."):
            start_tensorflow()  # which is quiet; a user's module may import it, and would not be
        return find_target(key, self.target)

    def problems(self, key: str, positional: int = 0) -> list[Problem]:
        """Binds the arguments to the target's real signature, which imports the target.

        Args:
            key: The config key that holds this call.
            positional: The number of positional arguments that the call is given.

        Returns:
            A problem for a target that cannot be imported and for each argument it does not take.
        """
        target, problems = self.found(key)
        if target is not None:
            problems = argument_problems(target, self.arguments, key, positional)
        for place, node in nested_targets(key, self.arguments):
            problems += find_target(place, node["_target_"])[1]
        return problems


def built(value: Any) -> Any:
    """Replaces every callable in a value, also inside lists and mappings, by its result.

    Args:
        value: A callable, or a list or mapping that may hold some at any depth, or any other value.

    Returns:
        The value with the results in place of the callables.
    """
    if callable(value):
        return value()
    if isinstance(value, Mapping):
        return {name: built(item) for name, item in value.items()}
    return [built(item) for item in value] if isinstance(value, list) else value


def lazy_calls(key: str, value: Any) -> Iterator[tuple[str, LazyCall]]:
    """Finds every call inside a setting: in mappings, in lists, and in the fields of dataclasses.

    Args:
        key: The config key that holds the setting.
        value: The setting.

    Yields:
        The config key of each call, and the call.
    """
    for place, item in walk(key, value):
        if isinstance(item, LazyCall):
            yield place, item
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            for part in dataclasses.fields(item):
                yield from lazy_calls(f"{place}.{part.name}", getattr(item, part.name))


def argument_problems(
    target: Any, arguments: Mapping[str, Any], key: str, positional: int = 0
) -> list[Problem]:
    """Compares keyword arguments with the signature of a class or function.

    Args:
        target: The class or function.
        arguments: The keyword arguments that it is to be called with.
        key: The config key that holds the arguments.
        positional: The number of positional arguments that come before them.

    Returns:
        A problem for each argument that is unknown and for each that is missing.
    """
    try:
        parameters = inspect.signature(target).parameters
    except ValueError:
        return []  # some classes written in C have no signature
    partial = arguments.get("_partial_", False)
    positional += len(arguments.get("_args_", ()))
    arguments = {name: value for name, value in arguments.items() if name not in KEYWORDS}
    named = [n for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    named = named[positional:]
    problems = []
    # Keras' classes name every argument that they use; their **kwargs are for older spellings.
    if _is_keras(target) or not any(p.kind == p.VAR_KEYWORD for p in parameters.values()):
        unknown = [name for name in arguments if name not in named]
        problems = _unknown(key, unknown, target, named)
    for name in () if partial else named:
        if parameters[name].default is inspect.Parameter.empty and name not in arguments:
            expected = f"a value: `{_name(target)}` needs it"
            problems.append(Problem(f"{key}.{name}", "nothing", expected, f"{key}.{name}=..."))
    return problems


def _name(target: Any) -> str:
    return getattr(target, "__name__", type(target).__name__)


def _is_keras(target: Any) -> bool:
    return str(getattr(target, "__module__", "")).partition(".")[0] == "keras"


def _unknown(key: str, names: list[str], target: Any, known: list[str]) -> list[Problem]:
    """Returns a problem for each unknown argument, or one for all if there are many."""
    expected = f"an argument of `{_name(target)}`: {', '.join(known) or 'it takes none'}"
    if len(names) <= FEW:
        return [
            Problem(f"{key}.{name}", "an unknown key", expected, did_you_mean(name, known))
            for name in names
        ]
    group = key.partition(".")[0]
    instead = f"{group}=mine, with a conf/{group}/mine.yaml: what was chosen before is merged"
    return [Problem(key, f"unknown keys: {', '.join(names)}", expected, instead)]
