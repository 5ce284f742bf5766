"""Formats errors and warnings of the command line."""

import gc
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

CONFIG_ERROR = 2
FAILURE = 1
INTERRUPTED = 130
TERMINATED = 143

FULL_TRACEBACK = "HYDRA_FULL_ERROR=1 altitude ... shows it"


@contextmanager
def errors_reported() -> Iterator[None]:
    """Prints errors and warnings of the block, and exits; `HYDRA_FULL_ERROR=1` shows tracebacks.

    Raises:
        SystemExit: If there was an error.
    """
    full_error = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra would print errors in its own way and exit with 1
    warnings.showwarning = show_warning
    try:
        yield
        gc.freeze()  # Python need not collect all of TensorFlow before it ends
    except KeyboardInterrupt as interrupt:
        report_interruption(interrupt)
    except BrokenPipeError:  # as with `| head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except Exception as error:
        if full_error:
            raise
        report(error)


def report(error: Exception) -> NoReturn:
    """Prints an error and exits.

    Args:
        error: The exception that the command raised.

    Raises:
        SystemExit: With status 2 for a mistake in the config, 1 for a failure.
    """
    from hydra.errors import HydraException, InstantiationException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import MarkedYAMLError

    from altitude.errors import EXPLAINED, ConfigError

    of_config = isinstance(error, ConfigError | HydraException | OmegaConfBaseException)
    if isinstance(error, MarkedYAMLError):
        _print(_yaml_report(error))
        sys.exit(CONFIG_ERROR)
    if of_config and not isinstance(error, InstantiationException):
        _print(str(error))
        sys.exit(CONFIG_ERROR)
    explained = isinstance(error, EXPLAINED)
    lines = [str(error)] if explained else _failure_lines(error)
    if not explained or notes_of(error):
        lines += [f"    traceback: {(notes_of(error) or [FULL_TRACEBACK])[-1]}"]
    _print("\n".join(lines))
    sys.exit(FAILURE)


def report_interruption(interrupt: KeyboardInterrupt) -> NoReturn:
    """Prints the signal that stopped the program, and exits with the usual status.

    Args:
        interrupt: The exception that the signal has raised.

    Raises:
        SystemExit: Always.
    """
    from altitude.errors import Terminated

    _print("\n".join([f"stopped by {str(interrupt) or 'Ctrl-C'}", *notes_of(interrupt)]))
    sys.exit(TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED)


def show_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    """Prints a warning in one line, without file and line number.

    Args:
        message: The warning.
        *_where: Further arguments of `warnings.showwarning`, which are not shown.
        **_more: Likewise.
    """
    print(f"warning: {message}", file=sys.stderr)


def notes_of(error: BaseException) -> list[str]:
    """Returns the notes of an exception, such as the path of its traceback.

    Args:
        error: Any exception.
    """
    return list(getattr(error, "__notes__", []))


def _print(text: str) -> None:
    print(f"altitude: {text}", file=sys.stderr)


def _failure_lines(error: Exception) -> list[str]:
    """Describes an unexpected exception: cause, line of user code, advice."""
    from altitude.failures import explain_failure

    failure = explain_failure(error)
    lines = [failure.cause]
    if failure.place is not None:
        lines += [f"    where:     {failure.place}"]
        lines += [f"               {failure.place.source}"] if failure.place.source else []
    if failure.advice:
        lines += [f"    instead:   {failure.advice}"]
    return lines


def _yaml_report(error: "MarkedYAMLError") -> str:
    """Describes a YAML syntax error by line and column, counted from 1."""
    mark = error.problem_mark or error.context_mark
    place = f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}" if mark else "a file"
    expected = "YAML: `key: value` with a space after the colon, indented with spaces"
    return f"{place}\n    given:    {error.problem or error.context}\n    expected: {expected}"
