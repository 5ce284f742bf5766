"""Converts config nodes to typed settings and lazy calls, and collects problems."""

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from altitude.calls.annotations import annotations_of, is_kind, parts_of, settings_named
from altitude.calls.keras_arguments import CallbackArguments, LossArguments, OptimizerArguments
from altitude.calls.lazy_call import LazyCall, argument_problems
from altitude.calls.targets import (
    KEYWORDS,
    Kinds,
    builder_problems,
    find_target,
    keyword_problems,
    nested_targets,
    text_problems,
    wrong_kind,
)
from altitude.errors import Problem
from altitude.session import start_tensorflow

KERAS_AND_TENSORFLOW = ("keras", "tensorflow")
"""Packages whose classes are named in a config but not imported to check it."""

NO_ARGUMENTS = tuple(word for word in KEYWORDS if word not in ("_args_", "_partial_"))
"""Hydra's keywords that make no difference to settings."""

SCHEMAS: dict[str, type[BaseModel]] = {
    "keras.callbacks": CallbackArguments,
    "keras.losses": LossArguments,
    "keras.optimizers": OptimizerArguments,
}
"""The schemas of Keras classes, by package."""

PLAIN_WORDS = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""Replacements for pydantic's messages, by its name for the error."""


def read_object(key: str, node: Any, kinds: Kinds = ()) -> tuple[Any, list[Problem]]:
    """Builds the object of settings that a config node describes.

    Args:
        key: The config key that holds the node.
        node: A mapping with `_target_` and the arguments of that class.
        kinds: Classes, one of which that class must extend. Nothing else is ever constructed.

    Returns:
        The object, or None if there are problems; and the problems.
    """
    problems = node_problems(key, node)
    if problems:
        return None, problems
    if is_of_keras(node["_target_"]):
        return _read_of_keras(key, node, kinds)
    # To construct settings is harmless; to call a function is not for a check to do.
    cls, problems = _find(key, node["_target_"], kinds or (object,))
    if cls is None:
        return None, problems
    given = {name: value for name, value in node.items() if name not in NO_ARGUMENTS}
    problems = argument_problems(cls, given, key)
    arguments, found = _read_settings(key, given, annotations_of(cls), Any)
    problems += found
    return (None, problems) if problems else _construct(key, cls, arguments)


def read_each(
    key: str,
    values: Iterable[tuple[Any, Any]],
    read: Callable[[str, Any], tuple[Any, list[Problem]]],
) -> tuple[dict[Any, Any], list[Problem]]:
    """Reads several values.

    Args:
        key: The config key that holds the values.
        values: The name and the value of each.
        read: Reads one value, given its key; returns what it read, and problems.

    Returns:
        What was read, by name; and all problems.
    """
    results = {name: read(f"{key}.{name}", value) for name, value in values}
    problems = [problem for _, found in results.values() for problem in found]
    return {name: value for name, (value, _) in results.items()}, problems


def _read_settings(
    key: str, settings: Mapping[str, Any], annotations: Mapping[str, Any], default: Any
) -> tuple[dict[str, Any], list[Problem]]:
    annotated = [(n, (value, annotations.get(n, default))) for n, value in settings.items()]
    return read_each(key, annotated, lambda place, pair: _read_value(place, *pair))


def _read_of_keras(
    key: str, node: Mapping[str, Any], kinds: Kinds
) -> tuple[LazyCall | None, list[Problem]]:
    """Returns a lazy call of a Keras or TensorFlow class, unless a class of ours is required."""
    if not kinds or any(is_of_keras(kind.__module__) for kind in kinds):
        return read_lazy_call(key, node)
    return None, [wrong_kind(f"{key}._target_", node["_target_"], kinds)]


def _find(key: str, target: str, kinds: Kinds = ()) -> tuple[Any, list[Problem]]:
    top = target.partition(".")[0]
    if top not in ("altitude", *KERAS_AND_TENSORFLOW, *sys.stdlib_module_names):
        start_tensorflow()  # which is quiet; a user's module may import it, and would not be
    return find_target(key, target, kinds)


def node_problems(key: str, node: Any) -> list[Problem]:
    """Checks a node without importing its target.

    Args:
        key: The config key of the node.
        node: The value found there, of any type.

    Returns:
        The problems; none if the node is a well-formed call.
    """
    if not isinstance(node, Mapping) or "_target_" not in node:
        expected = "a mapping whose `_target_` names a class or function"
        return [Problem(key, repr(node), expected)]
    return text_problems(f"{key}._target_", node["_target_"]) or keyword_problems(key, node)


def _read_value(key: str, value: Any, annotation: Any) -> tuple[Any, list[Problem]]:
    """Converts a value, and everything inside mappings and lists."""
    if isinstance(value, Mapping) and "_target_" in value:
        return _read_node(key, value, annotation)
    if isinstance(value, list):
        items, problems = read_each(
            key, enumerate(value), lambda place, item: _read_value(place, item, annotation)
        )
        return list(items.values()), problems
    if not isinstance(value, Mapping):
        return value, []
    return _read_settings(key, value, settings_named(value, annotation), annotation)


def _read_node(key: str, node: Mapping[str, Any], annotation: Any) -> tuple[Any, list[Problem]]:
    """Converts a node to what the annotation of its setting allows."""
    problems = node_problems(key, node)
    if problems:
        return None, problems
    parts = parts_of(annotation)
    if Callable in parts:
        return read_builder(key, node)
    kinds = tuple(part for part in parts if is_kind(part))
    if kinds:
        return read_object(key, node, kinds)
    if Any in parts:
        return _read_anything(key, node)
    return node, []  # nothing is built for a plain setting: its owner refuses it


def read_builder(key: str, node: Any) -> tuple[Any, list[Problem]]:
    """Reads a config node that describes something to call.

    Our own builders are settings whose objects are called; all others are called themselves.

    Args:
        key: The config key that holds the node.
        node: A mapping with `_target_` and the arguments of that class or function.

    Returns:
        The builder, or None if there are problems; and the problems.
    """
    problems = node_problems(key, node)
    if problems:
        return None, problems
    if not node["_target_"].startswith("altitude."):
        return read_lazy_call(key, node)
    builder, problems = _read_anything(key, node)
    if not problems and not callable(builder):
        expected = "a class whose objects can be called, or a function"
        return None, [Problem(f"{key}._target_", node["_target_"], expected)]
    return builder, problems


def _read_anything(key: str, node: Mapping[str, Any]) -> tuple[Any, list[Problem]]:
    """Builds dataclasses; everything else becomes a lazy call."""
    if not is_of_keras(node["_target_"]):
        found, problems = _find(key, node["_target_"])
        if problems:
            return None, problems
        if dataclasses.is_dataclass(found):
            return read_object(key, node)
    return read_lazy_call(key, node)


def read_lazy_call(
    key: str, node: Any, *, keeps_partial: bool = False
) -> tuple[LazyCall | None, list[Problem]]:
    """Reads a config node whose class is not to be imported yet.

    Args:
        key: The config key that holds the node.
        node: A mapping with `_target_` and the arguments of that class.
        keeps_partial: Whether calling a node with `_partial_` returns a partial. Otherwise it is
            what it stands for already, since a lazy call is one.

    Returns:
        The lazy call, or None if there are problems; and the problems.
    """
    problems = node_problems(key, node)
    if problems:
        return None, problems
    dropped = ("_target_", "_convert_") if keeps_partial else ("_target_", "_convert_", "_partial_")
    arguments = {name: value for name, value in node.items() if name not in dropped}
    return LazyCall(node["_target_"], arguments), []


def call_problems(key: str, call: LazyCall, schema: type[BaseModel] | None) -> list[Problem]:
    """Checks the target and the arguments of a call without importing the target.

    Args:
        key: The config key that holds the call.
        call: The call.
        schema: The model of its arguments; None for that of the target's package.

    Returns:
        The problems; none if the call can be made as far as is known.
    """
    problems = builder_problems(f"{key}._target_", call.target)
    for place, nested in nested_targets(key, {"_target_": call.target, **call.arguments}):
        problems += node_problems(place, nested)
    schema = schema or SCHEMAS.get(call.target.rpartition(".")[0])
    if schema is not None:
        try:
            schema.model_validate(call.arguments)
        except ValidationError as error:
            problems += [_problem(key, detail) for detail in error.errors()]
    return _merged(problems)


def is_of_keras(target: str) -> bool:
    """Returns whether a target belongs to Keras or TensorFlow, which checks do not import.

    Args:
        target: The dotted path of a class or function.
    """
    return target.partition(".")[0] in KERAS_AND_TENSORFLOW


def _construct(key: str, cls: Any, arguments: dict[str, Any]) -> tuple[Any, list[Problem]]:
    try:
        if dataclasses.is_dataclass(cls):
            return TypeAdapter(cls).validate_python(arguments), []
    except ValidationError as error:
        return None, _merged([_problem(key, detail) for detail in error.errors()])
    except PydanticSchemaGenerationError:
        pass  # annotations that only its own author understands: the class checks itself
    try:
        return cls(**arguments), []
    except (TypeError, ValueError) as error:
        return None, [Problem(key, repr(arguments), str(error))]


def _problem(key: str, detail: ErrorDetails) -> Problem:
    location = [str(part) for part in detail["loc"] if not _is_branch(part)]
    full_key = ".".join([key, *location])
    given = "nothing" if detail["type"].startswith("missing") else repr(detail["input"])
    context = detail.get("ctx", {})
    if detail["type"] == "refused":
        return Problem(full_key, given, context["expected"], context["instead"])
    expected = PLAIN_WORDS.get(detail["type"]) or detail["msg"].removeprefix(
        "Input should be "
    ).removeprefix("Value error, ")
    return Problem(full_key, given, expected)


def _is_branch(part: int | str) -> bool:
    """Whether pydantic names the branch of a union here, such as `dict[str,any]`, and no key."""
    return isinstance(part, str) and (part in {"float", "int", "bool", "str"} or "[" in part)


def _merged(problems: list[Problem]) -> list[Problem]:
    """Merges the problems of a key, such as those of the branches of a union."""
    merged: dict[str, Problem] = {}
    for problem in problems:
        seen = merged.get(problem.key)
        if seen is not None:
            expected = f"{seen.expected}; or {problem.expected}"
            problem = dataclasses.replace(problem, expected=expected)
        merged[problem.key] = problem
    return list(merged.values())
