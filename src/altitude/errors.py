"""What can be wrong with an experiment, in words that say how to put it right."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SUGGESTION = "did you mean"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration.

    Attributes:
        key: The config key, as it is written on the command line.
        given: What was given.
        expected: What would have been valid.
        instead: What to write instead, or a suggestion, where there is one.
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
    """Every problem of one configuration, in one report."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        report = "\n\n".join(str(problem) for problem in problems)
        super().__init__(f"{count} in this configuration\n\n{report}")


class DataError(ValueError):
    """Data that cannot be found, or that is not what it should be.

    Attributes:
        problem: The same as a problem, where it was given as one; its key names the array.
    """

    def __init__(self, what: str | Problem) -> None:
        super().__init__(str(what))
        self.problem = what if isinstance(what, Problem) else None


class TrackingError(RuntimeError):
    """A tracking store that cannot be used."""


class TrainingError(RuntimeError):
    """A training that went wrong, for a reason that a user can mend."""


class NonFiniteError(TrainingError):
    """A loss, a gradient or a weight that became NaN or infinite."""


class ExitError(TrainingError):
    """Something in a run called `sys.exit`, which ends no run."""


class TakenError(RuntimeError):
    """A job of a sweep that another process does, or has done."""


class JobError(RuntimeError):
    """A job of a sweep that failed in another process; the message is the reason, in a line."""


class SweepError(RuntimeError):
    """A sweep that has ended, and not all of its jobs are done."""


EXPLAINED = (ConfigError, DataError, SweepError, TrackingError, TrainingError)
"""Errors whose message says what to do, so that no traceback is needed."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by a signal other than Ctrl-C."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Returns the suggestion "did you mean ...?", empty where nothing is close."""
    matches = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"{SUGGESTION} `{matches[0]}`?" if matches else ""
