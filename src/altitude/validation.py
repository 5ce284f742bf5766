"""Validates this project's settings classes, and words their errors."""

from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
"""For settings classes: unknown arguments, infinities and NaN are refused."""


def _no_booleans(value: Any) -> Any:
    if isinstance(value, bool):
        refuse("a number, not a boolean")
    return value


Count = Annotated[int, BeforeValidator(_no_booleans), Field(ge=1)]
"""A whole number of at least 1."""

NonNegativeCount = Annotated[int, BeforeValidator(_no_booleans), Field(ge=0)]
"""A whole number of at least 0."""

Positive = Annotated[float, BeforeValidator(_no_booleans), Field(gt=0)]
"""A finite number greater than 0."""

NonNegative = Annotated[float, BeforeValidator(_no_booleans), Field(ge=0)]
"""A finite number of at least 0."""

Fraction = Annotated[float, BeforeValidator(_no_booleans), Field(ge=0, lt=1)]
"""A number from 0 up to, but not including, 1."""

Flag = Annotated[bool, Strict()]
"""True or false, and nothing that merely looks like it."""


def refuse(expected: str, instead: str = "") -> NoReturn:
    """Refuses a value while a settings class is being validated.

    Args:
        expected: The values that would have been valid.
        instead: The replacement to suggest.

    Raises:
        PydanticCustomError: Always.
    """
    context = {"expected": expected, "instead": instead}
    message = "expected {expected}" + (", instead {instead}" if instead else "")
    raise PydanticCustomError("refused", message, context)
