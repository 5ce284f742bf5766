"""The command `altitude compare`: runs side by side."""

from argparse import ArgumentParser
from collections.abc import Sequence

from altitude.cli.finished_run import HELP
from altitude.cli.reporting import errors_reported
from altitude.cli.show import levels

USAGE = "altitude compare RUN RUN ..., such as: altitude compare best latest"


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude compare` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude compare`.
    """
    parser = _parser()
    typed = parser.parse_args(arguments)
    if len(typed.runs) < 2:
        parser.error("expected two runs at least: altitude show RUN shows one")
    from altitude.records.comparison import compare_runs
    from altitude.records.find import find_run

    print(compare_runs([find_run(run) for run in typed.runs], levels()))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude compare",
        usage=USAGE,
        description="Shows runs side by side: first where their config, code, versions, data and "
        "machine differ, then their scores and curves.",
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", help=HELP)
    return parser
