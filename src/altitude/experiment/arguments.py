"""Checks the arguments of lazy calls without importing their targets."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from altitude.calls.keras_arguments import CallbackArguments, LossArguments, OptimizerArguments
from altitude.calls.lazy_call import lazy_calls
from altitude.calls.nodes import call_problems
from altitude.errors import Problem

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "optimizer": OptimizerArguments,
    "callbacks": CallbackArguments,
    "objective.loss": LossArguments,
}
"""Schemas by config key; they hold for user classes, too."""


def invalid_arguments(parts: Mapping[str, Any]) -> list[Problem]:
    """Checks every call in the parts of an experiment, by group.

    Args:
        parts: The parts of an experiment, by config group, such as `optimizer`.

    Returns:
        One problem for each argument that its target does not take.
    """
    calls = [found for group, part in parts.items() for found in lazy_calls(group, part)]
    return [problem for key, call in calls for problem in call_problems(key, call, _schema(key))]


def _schema(key: str) -> type[BaseModel] | None:
    """Returns the schema of a key or of its parent."""
    return SCHEMAS.get(key) or SCHEMAS.get(key.rpartition(".")[0])
