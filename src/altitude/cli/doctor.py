"""The command `altitude doctor`: examines a composed experiment, without training it."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from altitude.cli.arguments import read_arguments
from altitude.cli.reporting import FAILURE, errors_reported

if TYPE_CHECKING:
    from altitude.doctor import Report
    from altitude.experiment import Experiment

USAGE = """usage: altitude doctor [group=option ...] [key=value ...]

Examines an experiment in about the time that it takes to start it, without training it: its
classes, the loss at the start, gradients, activations, the first update, whether one batch can be
learnt, and what limits the speed. What looks ill is said with what was seen, why it matters, and
what to write.

Exit status: 0 if all is well, 1 if something looks ill, 2 if the configuration is wrong."""


@errors_reported()
def main(typed: Sequence[str]) -> None:
    """Runs `altitude doctor` and exits: 1 if something looks ill, 2 for a mistake in the config.

    Args:
        typed: The words typed after `altitude doctor`.
    """
    if {"-h", "--help"} & {*typed}:
        print(USAGE)
        return
    experiment = _read(typed)
    from altitude.session import import_tensorflow

    import_tensorflow()  # quietly, before a module imports it plainly
    from altitude.doctor import examine

    report = examine(experiment)
    _show(report)
    if report.verdicts:
        sys.exit(FAILURE)


def _read(typed: Sequence[str]) -> "Experiment":
    """Composes and checks the experiment, as a run of it does; raises what is wrong with it."""
    from altitude.composition.source import PRIMARY, ConfigSource
    from altitude.config.command_line import flag_problems, read_command_line
    from altitude.errors import ConfigError, Problem

    arguments, unknown = read_arguments(typed)
    name = arguments.config_name or PRIMARY
    source = ConfigSource(arguments.config_dir, name, arguments.config_path)
    problems = flag_problems(unknown, arguments.overrides, source)
    read = read_command_line(arguments.overrides, source, multirun=arguments.multirun)
    problems += read.problems
    if not problems and read.experiment is None:
        problems = [Problem("doctor", "a sweep", "one experiment: examine one of its jobs")]
    if problems or read.experiment is None:
        raise ConfigError(problems)
    return read.experiment


def _show(report: "Report") -> None:
    for measured in report.measurements:
        print(f"{measured.subject:<6} {measured.text}")
    if not report.verdicts:
        print("\nNothing looks ill.")
    for number, verdict in enumerate(report.verdicts, start=1):
        print(f"\n{number}. {verdict.subject}: {verdict.name}")
        print(f"    seen:    {verdict.seen}")
        print(f"    why:     {verdict.reason}")
        print(f"    instead: {verdict.instead}")
