"""The command `altitude show`: what is known of a run, on one screen."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from altitude.cli.finished_run import add_run
from altitude.cli.reporting import errors_reported

USAGE = "altitude show RUN, such as: altitude show latest"


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude show` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude show`.
    """
    typed = _parser().parse_args(arguments)
    from altitude.records.find import find_run
    from altitude.records.summary import run_summary

    print(run_summary(find_run(typed.run), levels()))


def levels() -> str:
    """Returns the characters of curves that standard output can encode."""
    from altitude.display.sparkline import ASCII, BLOCKS

    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ASCII
    return BLOCKS


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude show",
        usage=USAGE,
        description="Shows the config of a run where it differs from the defaults, its scores, "
        "its curves, and where its files are.",
    )
    add_run(parser)
    return parser
