"""The command `altitude predict`: what the best model of a run predicts for new inputs."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path

from altitude.cli.finished_run import add_run
from altitude.cli.reporting import FAILURE, errors_reported

USAGE = "altitude predict RUN INPUT -o OUT, such as: altitude predict latest new.csv -o out.csv"

EPILOG = """Inputs are taken as they were stored for training: the model scales them itself. Rows
count from 0. What cannot be predicted (an image that cannot be read, a value that is not a finite
number) is reported and left out, and the exit status is 1. OUT is replaced once it is whole."""


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude predict` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude predict`.
    """
    typed = _parser().parse_args(arguments)
    from altitude.records.find import find_run
    from altitude.records.prediction.inputs import source_of
    from altitude.records.prediction.tables import require_table_path
    from altitude.session import ending_on_signals, start_tensorflow

    source_of(typed.input)
    require_table_path(typed.output, typed.input)
    record = find_run(typed.run)
    model = record.model_file
    start_tensorflow()
    from altitude.records.prediction.predict import predict_file, predictor_of

    with ending_on_signals():
        predictor = predictor_of(record, unsafe=typed.unsafe)
        done = predict_file(predictor, typed.input, typed.output, typed.batch_size, _report)
    print(f"model    {model}")
    print(f"written  {typed.output}, {done.rows:,} predictions")
    if done.faults:
        print(f"altitude: {done.faults:,} without a prediction, see above", file=sys.stderr)
        sys.exit(FAILURE)


def _report(fault: str) -> None:
    print(f"altitude: {fault}", file=sys.stderr)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude predict",
        usage=USAGE,
        description="Writes what the best model of a run predicts: the class and the probability "
        "of each class, or values. Inputs larger than memory are read in batches.",
        epilog=EPILOG,
    )
    add_run(parser)
    parser.add_argument(
        "input",
        metavar="INPUT",
        type=Path,
        help="a .npy, .npz (its x or x_test), .csv or .parquet file of the inputs alone, an image, "
        "or a folder of images",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="the file to write: .csv, .parquet or .jsonl",
    )
    parser.add_argument(
        "--batch-size",
        type=_count,
        default=128,
        help="how many are predicted at a time (default: 128)",
    )
    parser.add_argument("--unsafe", action="store_true", help="run code that the model file brings")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text}, which is no whole number from 1")
    return int(text)
