"""The reason of a failure in one line."""

from altitude.errors import ConfigError, JobError
from altitude.failures.causes import describe_cause, root_exception


def failure_reason(error: BaseException) -> str:
    """Returns the cause of an error in one line: its type and message, without wrappers.

    Args:
        error: The exception.
    """
    cause = root_exception(error)
    if isinstance(cause, JobError):
        return str(cause)
    if isinstance(cause, ConfigError) and cause.problems:
        problem = cause.problems[0]
        return f"configuration: {problem.key}: given {problem.given}, expected {problem.expected}"
    return describe_cause(cause)
