"""The command `altitude init`: writes the configs of an experiment on the user's own data."""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.cli.new import write_new
from altitude.cli.reporting import errors_reported
from altitude.composition.directory import config_directory

if TYPE_CHECKING:
    from altitude.data.found import FoundData

USAGE = "altitude init PATH [--name NAME], such as: altitude init photos"

DATASET = """# The data in {path}, found by `altitude init`.
defaults:
  - {dataset}

path: {quoted}
"""

EXPERIMENT = """# @package _global_
# Trains on the data in {path}: altitude --config-dir conf experiment={name}
defaults:
  - override /dataset: {name}
  - override /model: {model}
  - override /objective: {objective}
"""


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude init` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude init`.
    """
    typed = _parser().parse_args(arguments)
    path = Path(typed.path)
    from altitude.data.found import find_data

    found = find_data(path)
    _show(found)
    name = typed.name or option_name(path)
    contents = config_files(path, name, found)
    try:
        write_new(contents)
    except OSError as error:
        print(f"altitude: {error}", file=sys.stderr)
        sys.exit(1)
    print("Written, for you to change:")
    print(*(f"  {file}" for file in contents), sep="\n")
    print("To train:")
    print(f"  altitude --config-dir conf experiment={name}")


def option_name(path: Path) -> str:
    """Returns a name for the options of data, which none of altitude's own options has.

    Args:
        path: The folder or file of the data.
    """
    words = re.findall(r"[a-z0-9]+", path.resolve().stem.lower())
    name = "_".join(words) or "data"
    own = {file.stem for file in config_directory().glob("*/*.yaml")}
    return f"my_{name}" if name in own or name[0].isdigit() else name


def config_files(path: Path, name: str, found: "FoundData") -> dict[Path, str]:
    """Returns the text of each config file, by its path in the current folder.

    Args:
        path: The folder or file of the data.
        name: The name of the options.
        found: What is there.
    """
    shown = re.sub(r"\s", " ", str(path))
    dataset = DATASET.format(path=shown, dataset=found.dataset, quoted=_quoted(str(path)))
    experiment = EXPERIMENT.format(
        path=shown, name=name, model=found.model, objective=found.objective
    )
    return {
        Path(f"conf/dataset/{name}.yaml"): dataset,
        Path(f"conf/experiment/{name}.yaml"): experiment,
    }


def _quoted(text: str) -> str:
    """Quotes a text for YAML, and for OmegaConf, which would interpolate `${`."""
    import yaml

    escaped = text.replace("${", r"\${")
    return yaml.safe_dump(escaped, default_style='"', allow_unicode=True, width=2**16).strip()


def _show(found: "FoundData") -> None:
    print(found.summary)
    width = max(len(name) for name, _ in found.details)
    print(*(f"  {name:<{width}}  {about}" for name, about in found.details), sep="\n")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude init",
        usage=USAGE,
        description="Looks at data of your own, and writes the configs of an experiment on it.",
    )
    parser.add_argument(
        "path", metavar="PATH", help="a folder with one folder of images a class, or an .npz file"
    )
    parser.add_argument(
        "--name", type=_option_name, help="the name of the configs; the default is that of PATH"
    )
    return parser


def _option_name(typed: str) -> str:
    name = option_name(Path(typed))
    if typed != name:
        raise ArgumentTypeError(f"{typed!r} is no snake_case name, or is taken; try `{name}`")
    return typed
