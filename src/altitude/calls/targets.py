"""Resolves `_target_`s to classes and functions.

Nothing is called here. Hydra itself resolves a target, so that whatever it refuses is refused.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from altitude.calls.walk import walk
from altitude.errors import Problem
from altitude.failures.imports import EXPECTED, import_problem

KEYWORDS = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_")
"""The keys of a node with `_target_` that Hydra itself reads."""

Kinds = tuple[type, ...]
"""Classes, one of which a target must extend; empty if any class or function is valid."""

_allowed: dict[str, Any] = {}
"""A cache of targets that Hydra has authorized, which takes it half a millisecond."""


def find_target(key: str, target: Any, kinds: Kinds = ()) -> tuple[Any, list[Problem]]:
    """Looks up a class or function, without calling it.

    Args:
        key: The config key of the node that holds the target.
        target: The dotted path of the class or function.
        kinds: Classes, one of which it must extend.

    Returns:
        The class or function, or None if there are problems; and the problems.
    """
    key = f"{key}._target_"
    problems = text_problems(key, target)
    if problems:
        return None, problems
    found, problems = _resolve(key, target)
    if not problems and kinds:
        problems = _kind_problems(key, target, found, kinds)
    return (None, problems) if problems else (found, [])


def text_problems(key: str, target: Any) -> list[Problem]:
    """Checks the text of a target without importing it.

    Args:
        key: The config key of the target.
        target: The value given, of any type.

    Returns:
        At most one problem.
    """
    if not isinstance(target, str):
        return [Problem(key, repr(target), f"a text: {EXPECTED}")]
    if not all(part.isidentifier() for part in target.split(".")) or "." not in target:
        return [Problem(key, target or "nothing", EXPECTED, "such as my_module.MyClass")]
    return []


def builder_problems(key: str, target: str) -> list[Problem]:
    """Refuses targets from Python's standard library, without importing them.

    Args:
        key: The config key of the target.
        target: The dotted path of the class or function.

    Returns:
        At most one problem.
    """
    if target.partition(".")[0] not in sys.stdlib_module_names:
        return []
    return [Problem(key, target, "a class or function of Keras or your own, not of Python itself")]


def nested_targets(key: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields every node with a `_target_` inside a plain value, with the config key of the node.

    Args:
        key: The config key of the value.
        value: Plain lists, mappings and scalars.

    Yields:
        The config key of the node, and the node.
    """
    for place, node in walk(key, value):
        if isinstance(node, Mapping) and "_target_" in node:
            yield place, node


def keyword_problems(key: str, node: Mapping[str, Any]) -> list[Problem]:
    """Checks the values of Hydra's own keywords in a node, but for `_target_`.

    Args:
        key: The config key of the node.
        node: A mapping with a `_target_`.

    Returns:
        One problem for each keyword with a value that Hydra does not take.
    """
    problems = [
        Problem(f"{key}.{name}", repr(node[name]), "true or false")
        for name in ("_partial_", "_recursive_")
        if not isinstance(node.get(name, True), bool)
    ]
    if not isinstance(node.get("_args_", []), list):
        problems.append(Problem(f"{key}._args_", repr(node["_args_"]), "a list"))
    if node.get("_convert_", "none") not in ("none", "partial", "object", "all"):
        given = repr(node["_convert_"])
        problems.append(Problem(f"{key}._convert_", given, "none, partial, object or all"))
    return problems


def wrong_kind(key: str, target: str, kinds: Kinds) -> Problem:
    """Describes a target that extends none of the classes that it must extend.

    Args:
        key: The config key of the target.
        target: The dotted path of the class or function.
        kinds: The classes; `object` stands for any class.

    Returns:
        The problem, with the classes that were expected.
    """
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds if kind is not object]
    expected = f"a class that extends {' or '.join(names)}" if names else "a class"
    return Problem(key, target, expected)


def _resolve(key: str, target: str) -> tuple[Any, list[Problem]]:
    from hydra.errors import HydraException

    from altitude.internals.hydra import find_callable

    if _is_still_there(target):
        return _allowed[target], []
    try:
        _allowed[target] = find_callable(target)
        return _allowed[target], []
    except HydraException as error:
        if error.__cause__ is not None:
            return None, [import_problem(key, target, error.__cause__)]
        reason = str(error).partition(", set env var")[0].replace("\n", " ")
        return None, [Problem(key, target, EXPECTED, reason)]
    except SystemExit:
        return None, [Problem(key, target, "a module that can be imported: it calls sys.exit")]


def _is_still_there(target: str) -> bool:
    """Whether Hydra has allowed a target, and its module was not reloaded since."""
    found = _allowed.get(target)
    module = sys.modules.get(getattr(found, "__module__", None) or "")
    return found is not None and getattr(module, getattr(found, "__name__", ""), None) is found


def _kind_problems(key: str, target: str, found: Any, kinds: Kinds) -> list[Problem]:
    if not isinstance(found, type) or not issubclass(found, kinds):
        return [wrong_kind(key, target, kinds)]
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        return [Problem(key, target, f"a class that is not abstract: it lacks {missing}")]
    return []
