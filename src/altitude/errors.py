"""Errors whose messages say what was given, what was expected and what to write instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SUGGESTION = "did you mean"


@dataclass(frozen=True)
class Problem:
    """One problem of a configuration.

    Attributes:
        key: The config key, as it is written on the command line.
        given: The value that was given.
        expected: The values that would have been valid.
        instead: What to write instead, or a suggestion, where there is one.

    Example:
        >>> from altitude import Problem
        >>> print(Problem("loop.epochs", "0", "a whole number from 1", "loop.epochs=1"))
        loop.epochs
            given:    0
            expected: a whole number from 1
            instead:  loop.epochs=1
    """

    key: str
    given: str
    expected: str
    instead: str = ""

    def __str__(self) -> str:
        lines = [self.key, f"    given:    {self.given}", f"    expected: {self.expected}"]
        if self.instead.startswith(SUGGESTION):
            lines.append(f"    {self.instead}")
        elif self.instead:
            lines.append(f"    instead:  {self.instead}")
        return "\n".join(lines)


class ConfigError(ValueError):
    """Every problem of one configuration, in one report.

    Args:
        problems: The problems, at least one.

    Example:
        >>> import altitude
        >>> try:
        ...     altitude.Experiment(seed=-1)
        ... except altitude.ConfigError as error:
        ...     print([problem.key for problem in error.problems])
        ['seed']
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        report = "\n\n".join(str(problem) for problem in problems)
        super().__init__(f"{count} in this configuration\n\n{report}")


class DataError(ValueError):
    """Data that cannot be found, or that is not what it should be.

    Args:
        what: A message, or a problem whose key names the array.

    Attributes:
        problem: The problem; None if a message was given.
    """

    def __init__(self, what: str | Problem) -> None:
        super().__init__(str(what))
        self.problem = what if isinstance(what, Problem) else None


class TrackingError(RuntimeError):
    """The tracking store cannot be used, or the server does not answer."""


class TrainingError(RuntimeError):
    """Training failed for a reason that the user can fix."""


class NonFiniteError(TrainingError):
    """A loss, a gradient or a weight became NaN or infinite."""


class ExitError(TrainingError):
    """Code called `sys.exit` during a run, which does not end the process."""


class TakenError(RuntimeError):
    """Another process runs this job of a sweep, or has finished it."""


class JobError(RuntimeError):
    """A job of a sweep failed in another process; the message is the reason, in one line."""


class SweepError(RuntimeError):
    """A sweep ended before all of its jobs were done."""


EXPLAINED = (ConfigError, DataError, SweepError, TrackingError, TrainingError)
"""Errors whose message is enough for the user to act on, without a traceback."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by a signal other than Ctrl-C."""


class Preempted(Terminated):
    """The engine that runs this job, such as Slurm, wants its machine back and will requeue it.

    Args:
        name: The name of its signal.
        number: The number of its signal.
    """

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"{name}: the job is requeued")
        self.number = number


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Returns the suggestion "did you mean ...?", empty where nothing is close.

    Args:
        word: The unknown word.
        known: The words to choose from.
    """
    matches = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"{SUGGESTION} `{matches[0]}`?" if matches else ""
