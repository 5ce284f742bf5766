"""Why something failed, in one sentence."""

import re
from collections.abc import Iterator

from hydra.errors import InstantiationException

from altitude.errors import ConfigError, JobError

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WRAPPED = re.compile(r"Exception encountered when calling|Error in call to target|Arguments: ")
"""First lines of messages that name the place and leave the cause to a later line."""

GRAPH_ERROR = "Graph execution error"
HYDRA_REPR = re.compile(r"^(\w+)\((['\"])(.*)\2\)$")


def failure_reason(error: BaseException) -> str:
    """The cause of an error in one line: its type and what it says, without wrappers around it.

    Hydra and Keras name the place in the first line of a message, and the cause in a later one.

    Args:
        error: What was raised.
    """
    cause = _unwrapped(error)
    if isinstance(cause, JobError):
        return str(cause)
    if isinstance(cause, ConfigError) and cause.problems:
        problem = cause.problems[0]
        return f"configuration: {problem.key}: given {problem.given}, expected {problem.expected}"
    text = _sentence(ANSI.sub("", str(cause)))
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def _unwrapped(error: BaseException) -> BaseException:
    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _sentence(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if lines and lines[0].startswith(GRAPH_ERROR):
        return next(_said_last(lines), lines[0])
    told = [line for line in lines if not WRAPPED.match(line)]
    first = (told or lines or [""])[0]
    found = HYDRA_REPR.match(first)  # Hydra shows the cause as Python would
    return f"{found[1]}: {found[3]}" if found else first


def _said_last(lines: list[str]) -> Iterator[str]:
    """TensorFlow lists the calls first, and where it happened last."""
    return (line for line in reversed(lines) if not line.startswith("[["))
