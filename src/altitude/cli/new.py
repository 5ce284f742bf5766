"""The command `altitude new`: writes templates for user code.

Imports neither TensorFlow nor MLflow.
"""

import keyword
import re
import sys
import unicodedata
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from altitude.composition.directory import config_directory

STEP = {
    "mine/{name}.py": "step.py.template",
    "conf/loop/{name}.yaml": "loop.yaml.template",
    "tests/test_{name}.py": "test_step.py.template",
}
"""The template of each file that makes a step."""

IMPORTED = {"Batch", "ClippingStep", "Logs", "NonNegative"}
"""What the template of a step imports, so that the step itself cannot be called so."""

NOT_TEXT = {"null", "nan", "inf"}
"""What Hydra reads as a value, not as the name of an option."""

KINDS = ("step",)
"""What can be written."""

USAGE = "altitude new step NAME, such as: altitude new step focal"

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def main(arguments: Sequence[str]) -> None:
    """Runs `altitude new` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude new`.
    """
    name = _parser().parse_args(arguments).name
    contents = step_files(name)
    try:
        write_new(contents)
    except OSError as error:
        print(f"altitude: {error}", file=sys.stderr)
        sys.exit(1)
    print("Written, for you to change:")
    print(*(f"  {path}" for path in contents), sep="\n")
    print("To go on:")
    print(f"  altitude --config-dir conf loop={name}")
    print(f"  python -m pytest tests/test_{name}.py")


def completions(words: Sequence[str]) -> list[str]:
    """Returns the completions after `altitude new`.

    Args:
        words: The words typed after it; the last one may be empty or incomplete.
    """
    return [kind for kind in KINDS if len(words) == 1 and kind.startswith(words[0])]


def step_files(name: str) -> dict[Path, str]:
    """Returns the text of each file of a new step, by its path in the current folder.

    Args:
        name: The name of the step in snake case.
    """
    templates = files("altitude") / "templates"
    words = {"name": name, "class_name": _class_name(name)}
    return {
        Path(path.format(name=name)): Template(
            (templates / template).read_text(encoding="utf-8")
        ).substitute(words)
        for path, template in STEP.items()
    }


def write_new(contents: Mapping[Path, str]) -> None:
    """Writes new files: all of them, or none if one exists.

    Args:
        contents: The text of each file, by its path.

    Raises:
        FileExistsError: If there are some already; it lists them.
        OSError: If a folder or a file cannot be made, or the folder is altitude's own.
    """
    if Path("conf").resolve() == config_directory():
        raise OSError(
            "nothing was written, for this is altitude's own folder, which stays as it is\n"
            "Go to a folder of your own: mkdir ../mine && cd ../mine"
        )
    present = [str(path) for path in contents if path.exists() or path.is_symlink()]
    if present:
        listed = "".join(f"\n  {path}" for path in present)
        raise FileExistsError(
            f"nothing was written, for these files are there already:{listed}\n"
            "Choose another name, or move them away"
        )
    for path in contents:
        path.parent.mkdir(parents=True, exist_ok=True)
    for path, text in contents.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude new",
        usage=USAGE,
        description="Writes a starting point for code of your own, in the current folder.",
    )
    kinds = parser.add_subparsers(
        title="what to write", metavar="KIND", required=True, prog="altitude new"
    )
    description = "Writes a training step with its config and its test, in the current folder."
    step = kinds.add_parser("step", help="a training step", description=description, usage=USAGE)
    step.add_argument(
        "name", metavar="NAME", type=_step_name, help="the step's name, in snake_case"
    )
    return parser


def _step_name(typed: str) -> str:
    if not SNAKE_CASE.fullmatch(typed):
        problem = "is no snake_case name"
    elif typed in _loops():
        problem = "is one of altitude's own loops"
    elif not _can_be_used(typed):
        problem = "means something else in Python or Hydra"
    else:
        return typed
    raise ArgumentTypeError(f"{typed!r} {problem}; try `{_suggestion(typed)}`")


def _suggestion(typed: str) -> str:
    """Returns a valid name that is as close as can be to what was typed."""
    ascii_only = unicodedata.normalize("NFKD", typed).encode("ascii", "ignore").decode()
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_only).lower()
    name = "_".join(re.findall(r"[a-z0-9]+", separated)) or "step"
    usable = SNAKE_CASE.fullmatch(name) and name not in _loops() and _can_be_used(name)
    return name if usable else f"my_{name}"


def _can_be_used(name: str) -> bool:
    """Whether Python takes the name for a module and for a class, and Hydra for an option."""
    class_name = _class_name(name)
    reserved = keyword.iskeyword(name) or keyword.iskeyword(class_name)
    return not reserved and class_name not in IMPORTED and name not in NOT_TEXT


def _loops() -> set[str]:
    return {path.stem for path in (config_directory() / "loop").glob("*.yaml")}


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
