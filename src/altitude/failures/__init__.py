"""Explains exceptions: the cause, the line of the user's code, and what to write instead."""

from altitude.failures.failure import Failure, explain_failure
from altitude.failures.reason import failure_reason

__all__ = ["Failure", "explain_failure", "failure_reason"]
