"""Whatever is typed is answered by a clear error, or runs.

`ALTITUDE_COMMAND_LINES=500` tries fewer; one takes a tenth of a second.
"""

import os
from collections.abc import Sequence

import pytest
from hydra.errors import HydraException

from altitude.cli.arguments import read_arguments
from altitude.composition.source import PRIMARY, ConfigSource
from altitude.config.command_line import command_problems, flag_problems
from altitude.errors import ConfigError, Problem
from tests.config.command_lines import command_lines

SEEDS = range(10)
LINES = int(os.environ.get("ALTITUDE_COMMAND_LINES", "5000"))


def answer(line: Sequence[str]) -> list[Problem]:
    """The problems of a command line; argparse's own and a missing primary config are none."""
    try:
        arguments, unknown = read_arguments(line)
    except SystemExit:
        return []  # argparse has shown the usage
    name = arguments.config_name or PRIMARY
    source = ConfigSource(arguments.config_dir, name, arguments.config_path)
    try:
        problems = flag_problems(unknown, arguments.overrides, source)
        problems += command_problems(arguments.overrides, source, multirun=arguments.multirun)
    except (ConfigError, HydraException):
        assert name != PRIMARY
        return []
    return problems


def check(lines: Sequence[Sequence[str]]) -> None:
    for line in lines:
        try:
            problems = answer(line)
        except Exception as error:
            raise AssertionError(f"a bare exception for {line}") from error
        assert all(problem.key and problem.expected for problem in problems), line


def test_an_interpolation_in_an_override_is_not_resolved_as_a_text() -> None:
    (problem,) = answer(["++output_dir=${oc.env:NO}"])
    assert problem.key == "output_dir"


def test_some_random_command_lines() -> None:
    check(command_lines(seed=1000, count=50))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_command_lines(seed: int) -> None:
    check(command_lines(seed, LINES // len(SEEDS)))
