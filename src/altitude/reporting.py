"""What the command line prints, instead of a traceback, when it fails."""

import sys
from typing import NoReturn

CONFIG_ERROR = 2
FAILURE = 1
INTERRUPTED = 130
TERMINATED = 143


def report(error: Exception) -> bool:
    """Prints an error that needs no traceback and exits; returns False for all others.

    Raises:
        SystemExit: With status 2 for a mistake in the config, 1 for a failure.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from altitude.errors import ConfigError, DataError, SweepError, TrackingError, TrainingError

    if isinstance(error, ConfigError | HydraException | OmegaConfBaseException):
        status = CONFIG_ERROR
    elif isinstance(error, DataError | SweepError | TrackingError | TrainingError):
        status = FAILURE
    else:
        return False
    print(f"altitude: {error}", file=sys.stderr)
    sys.exit(status)


def report_interruption(interrupt: KeyboardInterrupt) -> NoReturn:
    """Prints what stopped the program, and exits with the status that shells expect.

    Raises:
        SystemExit: Always.
    """
    from altitude.errors import Terminated

    print(f"altitude: stopped by {str(interrupt) or 'Ctrl-C'}", file=sys.stderr)
    sys.exit(TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED)


def show_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    """Prints a warning in one line, without its place in the code, which helps no user."""
    print(f"warning: {message}", file=sys.stderr)
