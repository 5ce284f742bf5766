"""What went wrong, where in the user's code, and what to write instead, from any exception."""

from altitude.failures.failure import Failure, explain_failure
from altitude.failures.reason import failure_reason

__all__ = ["Failure", "explain_failure", "failure_reason"]
