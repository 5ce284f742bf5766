"""The command `altitude new`: a starting point for a step of the user's own, where they stand.

Imports neither TensorFlow nor MLflow and composes no config, so that it answers at once.
"""

import os
import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from keyword import iskeyword
from pathlib import Path
from string import Template
from typing import NoReturn

from altitude.config_path import config_directory
from altitude.errors import Problem

USAGE_ERROR = 2
STEP = "step"
EXAMPLE = "focal"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
VALUES = ("false", "inf", "nan", "null", "true")
"""Words that Hydra reads as values, so that no option can be chosen by them."""

DESCRIPTION = """\
Writes a commented training step that runs as it is, its config and its test into the current
folder: mine/NAME.py, conf/loop/NAME.yaml and tests/test_NAME.py. Never overwrites a file.
"""


@dataclass(frozen=True)
class _File:
    """One file of a step: where it goes, what it is made from, and what it is to the user."""

    path: str
    template: str
    purpose: str


FILES = (
    _File("mine/$name.py", "step.py.txt", "the step: start here"),
    _File("conf/loop/$name.yaml", "step.yaml.txt", "its config, chosen by loop=$name"),
    _File("tests/test_$name.py", "test_step.py.txt", "its test"),
)


def main(arguments: Sequence[str]) -> None:
    """Writes the files and says how to go on; exits with 2 if there is nothing to be written.

    Args:
        arguments: What was typed after `altitude new`.
    """
    parser = _parser()
    typed = parser.parse_args(arguments)
    problem = _command_problem(typed.what, typed.name) or _folder_problem(typed.name)
    if problem:
        parser.error(str(problem))
    try:
        write_step(typed.name)
    except OSError as error:  # such as a folder that is read-only
        parser.exit(1, f"altitude: {error}\n")
    print(_next_steps(typed.name))


def write_step(name: str) -> None:
    """Writes the files of a step into the current folder.

    Args:
        name: The step's name, in snake_case.

    Raises:
        FileExistsError: If one of them is there already.
        OSError: If a file cannot be written.
    """
    for file in FILES:
        path = Path(_filled(file.path, name))
        path.parent.mkdir(parents=True, exist_ok=True)
        template = files("altitude").joinpath("templates", file.template).read_text("utf-8")
        with path.open("x", encoding="utf-8") as opened:
            opened.write(_filled(template, name))


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Says what is wrong first: it is what the user is looking for."""
        self.exit(USAGE_ERROR, f"altitude: {message}\n\n{self.format_usage()}")


def _parser() -> ArgumentParser:
    parser = _Parser(
        prog="altitude new",
        usage="altitude new step NAME",
        description=DESCRIPTION,
        epilog=f"example: altitude new step {EXAMPLE}",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # Both optional for argparse: what is missing is explained in our own words.
    parser.add_argument("what", metavar="step", nargs="?", help="what is new")
    parser.add_argument("name", metavar="NAME", nargs="?", help="its name, in snake_case")
    return parser


def _command_problem(what: str | None, name: str | None) -> Problem | None:
    expected = _expected_name(name)
    if what == STEP and expected is None:
        return None
    instead = f"altitude new step {EXAMPLE if name is None else _valid_name(name)}"
    if what != STEP:
        return Problem("what is new", what or "nothing", STEP, instead)
    return Problem("the name of the step", name or "nothing", expected or "", instead)


def _expected_name(name: str | None) -> str | None:
    """What is expected instead of a name; None for one that can be used."""
    if not name or not NAME.fullmatch(name):
        return f"snake_case: small letters, digits and underscores, such as {EXAMPLE}"
    if iskeyword(name):
        return f"a name that can be imported: `{name}` is a keyword of Python"
    if name in VALUES:
        return f"a name: loop={name} would be read as a value"
    if (config_directory() / "loop" / f"{name}.yaml").exists():
        return f"a name of its own: loop={name} is altitude's"
    return None


def _valid_name(name: str) -> str:
    """The valid name that is closest to what was given."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    valid = re.sub(r"[^a-z0-9]+", "_", separated).strip("_") or EXAMPLE
    return valid if _expected_name(valid) is None else f"my_{valid}"


def _folder_problem(name: str) -> Problem | None:
    if Path("conf").resolve() == config_directory():
        instead = "mkdir ../mysteps && cd ../mysteps"
        return Problem("the current folder", "altitude's own", "a folder of yours", instead)
    paths = [Path(_filled(file.path, name)) for file in FILES]
    # A file where a folder is needed is in the way as well; and so is a link to nowhere.
    folders = [folder for path in paths for folder in path.parents if folder.is_file()]
    present = [str(path) for path in (*folders, *paths) if os.path.lexists(path)]
    if not present:
        return None
    expected = "none of them: they are not overwritten, and nothing was written"
    given = f"{', '.join(present)} in the current folder"
    return Problem("the files of the step", given, expected, "another name or another folder")


def _filled(template: str, name: str) -> str:
    class_name = "".join(word.capitalize() for word in name.split("_"))
    return Template(template).substitute(name=name, class_name=class_name)


def _next_steps(name: str) -> str:
    paths = [_filled(file.path, name) for file in FILES]
    width = max(len(path) for path in paths)
    purposes = [_filled(file.purpose, name) for file in FILES]
    rows = [f"{path:{width}}  {purpose}" for path, purpose in zip(paths, purposes, strict=True)]
    train = f"PYTHONPATH=. altitude --config-dir conf loop={name}"
    commands = ["", f"Train it:  {train}", f"Test it:   python -m pytest {paths[-1]}"]
    return "\n".join([*rows, *commands])
