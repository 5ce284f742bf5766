"""The command `altitude export`: writes the best model of a run in another format."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from altitude.cli.finished_run import add_run
from altitude.cli.reporting import FAILURE, errors_reported

FORMATS = ("saved_model", "litert", "onnx", "openvino")
USAGE = "altitude export RUN --format FORMAT [-o OUT]"


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude export` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude export`.
    """
    typed = _parser().parse_args(arguments)
    from altitude.records.find import find_run

    record = find_run(typed.run)
    model = record.model_file
    from altitude.session import start_tensorflow

    start_tensorflow()
    from altitude.records.export import default_path, export_model, require_packages
    from altitude.records.model_file import open_best_model

    require_packages(typed.format)
    path = typed.output or default_path(model, typed.format)
    exported = export_model(open_best_model(record, unsafe=typed.unsafe), path, typed.format)
    print(f"written     {exported.path}")
    print(f"original    {model}")
    print(f"difference  {exported.difference:.2g} in outputs of up to {exported.scale:.2g}")
    if not exported.agrees:
        print("altitude: the exported model computes something else", file=sys.stderr)
        sys.exit(FAILURE)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude export",
        usage=USAGE,
        description="Writes the best model of a run in another format, and compares its outputs "
        "with those of the original on random inputs. The model takes the data as they are stored, "
        "since their scaling is part of it.",
    )
    add_run(parser)
    parser.add_argument(
        "--format",
        required=True,
        choices=FORMATS,
        help="the format; onnx and openvino need packages: pip install 'keras-altitude[onnx]'",
    )
    parser.add_argument(
        "-o", "--output", type=Path, help="the file, or folder for saved_model, to write"
    )
    parser.add_argument("--unsafe", action="store_true", help="run code that the model file brings")
    return parser
