"""A summary of an exception."""

from dataclasses import dataclass

from altitude.failures.advice import advice_for
from altitude.failures.causes import describe_cause, root_exception
from altitude.failures.places import Place, user_line_of_error


@dataclass(frozen=True)
class Failure:
    """The cause of an exception, where it was raised, and how to fix it.

    Attributes:
        cause: The cause in one line: `NameError: name 'kers' is not defined`.
        place: The innermost line of the user's own code; None if there is none in the traceback.
        advice: How to fix it; empty if that is not known.
    """

    cause: str
    place: Place | None = None
    advice: str = ""

    def __str__(self) -> str:
        where = f" ({self.place.file_and_line})" if self.place else ""
        return f"{self.cause}{where}"


def explain_failure(error: BaseException) -> Failure:
    """Describes an exception by its cause, the user's line that raised it, and advice.

    Args:
        error: Any exception.

    Returns:
        The cause, the place and the advice.
    """
    root = root_exception(error)
    cause = describe_cause(root)
    return Failure(cause, user_line_of_error(error), advice_for(root, cause))
