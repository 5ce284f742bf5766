"""The argument RUN of the commands for a run that was begun before."""

from argparse import ArgumentParser

HELP = (
    "`latest`, `best` of the latest sweep, SWEEP/best, an id or its beginning, the folder of a "
    "run, or a .keras file"
)


def add_run(parser: ArgumentParser) -> None:
    """Adds the argument RUN to a command.

    Args:
        parser: The parser of the command.
    """
    parser.add_argument("run", metavar="RUN", help=HELP)
