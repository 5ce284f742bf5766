"""Composes, reads and checks a command line."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hydra.core.override_parser.types import Override

from altitude.composition.source import DEFAULT_SOURCE, ConfigSource
from altitude.config.jobs import MOST, CommandLine, problems_of_jobs, read_jobs
from altitude.config.proposals import Proposal, proposals
from altitude.config.unused_keys import parsed
from altitude.errors import Problem


def read_command_line(
    overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE, *, multirun: bool
) -> CommandLine:
    """Composes and reads what was typed.

    Of a sweep it is only made sure that every value can be composed: its plan checks the jobs.

    Args:
        overrides: The overrides that were typed.
        source: The folders to compose from.
        multirun: Whether `-m` was typed. A recipe may be a sweep without it.

    Returns:
        The experiment or the sweep, or the problems.

    Raises:
        ConfigError: If a folder of `source` is not there.
    """
    command_line = read_jobs(overrides, source, multirun=multirun)
    if not command_line.problems and (command_line.is_sweep or not _swept(overrides)):
        return command_line
    problems = _explained(command_line, overrides, source)
    return replace(command_line, problems=problems, experiment=None, sweep=None)


def command_problems(
    overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE, *, multirun: bool
) -> list[Problem]:
    """Returns the problems of a command line; see `read_command_line`.

    Args:
        overrides: The overrides that were typed.
        source: The folders to compose from.
        multirun: Whether they are those of a sweep.
    """
    return list(read_command_line(overrides, source, multirun=multirun).problems)


def _swept(overrides: Sequence[str]) -> list[Override]:
    return [override for override in parsed(overrides) if override.is_sweep_override()]


def _explained(
    command_line: CommandLine, overrides: Sequence[str], source: ConfigSource
) -> list[Problem]:
    """Returns the problems, each with those suggestions that have been found to work."""
    found, is_sweep = list(command_line.problems), command_line.is_sweep
    swept = _swept(overrides)
    misses_flag = bool(swept) and not is_sweep
    if misses_flag:
        found = problems_of_jobs(overrides, source)
    tried = [
        _with_working_alternatives(problem, found, overrides, source, is_sweep=is_sweep)
        for problem in found
    ]
    if misses_flag and not any(problem.key == str(swept[0].key_or_group) for problem in found):
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        command = "" if found else _command(source, overrides)
        key, _, value = str(swept[0].input_line).partition("=")
        tried.append(Problem(key, value, expected, command or "the same with -m"))
    return tried


def flag_problems(
    flags: Sequence[str], overrides: Sequence[str], source: ConfigSource
) -> list[Problem]:
    """Explains unknown flags, such as `--epochs=3`.

    Args:
        flags: The flags that were typed.
        overrides: The overrides that were typed besides.
        source: The folders to compose from.

    Returns:
        One problem for each flag.
    """
    expected = "one of Hydra's flags, or key=value without dashes in front"
    problems = []
    for flag in flags:
        override = flag.lstrip("-\N{EN DASH}\N{EM DASH}").replace("-", "_", 1)
        found = command_problems([*overrides, override], source, multirun=False)
        about = [problem.instead for problem in found if problem.key == override.partition("=")[0]]
        instead = about[0] if about else "" if found else override
        shown = flag or "''"
        problems.append(Problem(shown, shown, expected, instead))
    return problems


def _with_working_alternatives(
    problem: Problem,
    found: Sequence[Problem],
    overrides: Sequence[str],
    source: ConfigSource,
    *,
    is_sweep: bool,
) -> Problem:
    """Returns the problem with those suggestions that have been found to work."""
    if found.index(problem) >= MOST:
        return problem
    others = {other.key for other in found if other.key != problem.key}
    possible = proposals(problem, overrides, others)
    if not possible:
        return problem
    working = [text for one in possible for text in _working_text(one, source, is_sweep=is_sweep)]
    if [one.text for one in possible] == working:
        return problem
    return replace(problem, instead=" or ".join(dict.fromkeys(working)))


def _working_text(proposal: Proposal, source: ConfigSource, *, is_sweep: bool) -> Iterator[str]:
    """Yields the suggestion if it works, by itself or with one more correction."""
    swept = _swept(proposal.overrides)
    if swept:
        problems = problems_of_jobs(proposal.overrides, source)
    else:
        problems = list(read_jobs(proposal.overrides, source, multirun=is_sweep).problems)
    if problems:
        (problem, *more) = problems
        needed = [] if more else proposals(problem, proposal.overrides, set())
        for one in needed[:1]:
            if not problems_of_jobs(one.overrides, source):
                yield one.text
    elif swept and not is_sweep:
        yield _command(source, proposal.overrides)
    else:
        yield proposal.text


def _command(source: ConfigSource, overrides: Sequence[str]) -> str:
    return shlex.join(["altitude", *source.flags(), "-m", *overrides])
