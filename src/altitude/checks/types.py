"""From plain settings to typed objects, with every mistake on the way as a problem."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from altitude.checks.foreign import CallbackArguments, LossArguments, OptimizerArguments
from altitude.deferred import Deferred
from altitude.errors import Problem

FOREIGN = ("keras", "tensorflow")
"""Packages whose classes are named in a config but not imported to check it."""

SCHEMAS: dict[str, type[BaseModel]] = {
    "keras.callbacks": CallbackArguments,
    "keras.losses": LossArguments,
    "keras.optimizers": OptimizerArguments,
}
"""What holds for the arguments of Keras' classes, by their package."""

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
"""What pydantic expects, by its name for the error, where its own words are no help."""


def read_object(key: str, node: Any) -> tuple[Any, list[Problem]]:
    """Builds the object that a config node describes, if its class can be imported cheaply.

    Args:
        key: The config key that holds the node.
        node: A mapping with `_target_` and the arguments of that class.

    Returns:
        The object, or None if there are problems; and the problems.
    """
    if not isinstance(node, Mapping) or "_target_" not in node:
        expected = "a mapping whose `_target_` names a class or function"
        return None, [Problem(key, repr(node), expected)]
    if node["_target_"].partition(".")[0] in FOREIGN:
        return read_deferred(key, node, _schema(node["_target_"]))
    deferred = Deferred(node["_target_"], {k: v for k, v in node.items() if k != "_target_"})
    problems = deferred.problems(key)
    arguments = {}
    for name, value in deferred.arguments.items():
        read = read_deferred if _is_call(deferred.target, name, value) else _read_value
        arguments[name], found = read(f"{key}.{name}", value)
        problems += found
    return (None, problems) if problems else _construct(key, deferred.target, arguments)


def _read_value(key: str, value: Any) -> tuple[Any, list[Problem]]:
    """Builds what a value describes: an object, or a mapping that may hold some."""
    if not isinstance(value, Mapping):
        return value, []
    if "_target_" in value:
        return read_object(key, value)
    read = {name: _read_value(f"{key}.{name}", item) for name, item in value.items()}
    built = {name: item for name, (item, _) in read.items()}
    return built, [problem for _, problems in read.values() for problem in problems]


def _is_call(target: str, name: str, value: Any) -> bool:
    """Whether a setting wants something to call, and its value names a class of the user's own.

    Our own builders are classes whose objects are called; the user's are called themselves.
    """
    from hydra.utils import get_object

    field = getattr(get_object(target), "__dataclass_fields__", {}).get(name)
    wants_call = field is not None and Callable in (
        get_origin(kind) for kind in (field.type, *get_args(field.type))
    )
    named = isinstance(value, Mapping) and str(value.get("_target_", ""))
    return wants_call and bool(named) and not str(named).startswith("altitude.")


def read_deferred(
    key: str, node: Any, schema: type[BaseModel] | None = None, **defaults: Any
) -> tuple[Deferred | None, list[Problem]]:
    """Reads a config node whose class is not to be imported yet.

    Args:
        key: The config key that holds the node.
        node: A mapping with `_target_` and the arguments of that class.
        schema: What holds for the arguments that it names.
        **defaults: Arguments that the node may leave out.

    Returns:
        The deferred call, or None if there are problems; and the problems.
    """
    if not isinstance(node, Mapping) or not isinstance(node.get("_target_"), str):
        return None, [
            Problem(key, repr(node), "a mapping whose `_target_` names a class or function")
        ]
    arguments = defaults | {k: v for k, v in node.items() if k != "_target_"}
    problems = []
    if schema is not None:
        try:
            schema.model_validate(arguments)
        except ValidationError as error:
            problems = [_problem(key, detail) for detail in error.errors()]
    return (None if problems else Deferred(node["_target_"], arguments)), _merged(problems)


def _schema(target: str) -> type[BaseModel] | None:
    """What holds for the arguments of one of Keras' classes, by its package."""
    return SCHEMAS.get(target.rpartition(".")[0])


def _construct(key: str, target: str, arguments: dict[str, Any]) -> tuple[Any, list[Problem]]:
    from hydra.utils import get_object

    cls = get_object(target)
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
    """One problem a key: what a union's branches expect is told in one line."""
    merged: dict[str, Problem] = {}
    for problem in problems:
        seen = merged.get(problem.key)
        if seen is not None:
            expected = f"{seen.expected}; or {problem.expected}"
            problem = dataclasses.replace(problem, expected=expected)
        merged[problem.key] = problem
    return list(merged.values())
