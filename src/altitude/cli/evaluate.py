"""The command `altitude evaluate`: scores the best model of a run, on its own data or on others."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from altitude.cli.finished_run import add_run
from altitude.cli.reporting import errors_reported

USAGE = "altitude evaluate RUN [dataset=...] [--split SPLIT] [--data PATH]"

EPILOG = """On the run's own data, the metrics are those that the run has logged, to the last bit.
Scores, pictures and a page with all of it are added to the run in MLflow, under a name of their
own."""


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude evaluate` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude evaluate`.
    """
    typed = _parser().parse_intermixed_args(arguments)
    from altitude.records.find import find_run
    from altitude.session import import_tensorflow

    record = find_run(typed.run)
    import_tensorflow()  # without what it prints, before another module imports it
    from altitude.records.evaluation.evaluate import evaluate, folder_of

    evaluation = evaluate(record, typed.split, typed.data, typed.overrides)
    print(evaluation.text())
    files = evaluation.write(folder_of(record, evaluation))
    print(f"\npage  {files[0]}")
    evaluation.log(record, files)
    if record.run_id is not None:
        print(f"run   {record.run_id}, under {evaluation.prefix}")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude evaluate",
        usage=USAGE,
        description="Evaluates the best model of a run: its metrics and, for classes, precision, "
        "recall, confusion, calibration and the most confident mistakes; for numbers, residuals.",
        epilog=EPILOG,
    )
    add_run(parser)
    parser.add_argument("overrides", metavar="dataset=...", nargs="*", help="another dataset")
    parser.add_argument(
        "--split",
        choices=("test", "validation", "train"),
        default="test",
        help="what to evaluate on (default: test)",
    )
    parser.add_argument("--data", metavar="PATH", type=Path, help="an .npz file with x and y")
    return parser
