"""Parses the command line before Hydra does."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from altitude.internals.hydra import get_args_parser


def read_arguments(typed: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Parses what was typed; flags and overrides may be mixed.

    Args:
        typed: The arguments of the command.

    Returns:
        Hydra's flags and the overrides; and unknown flags. A config path is absolute: one
        that was typed is meant from the working folder. A config that is only shown is that of the
        first job of a sweep.
    """
    arguments, unknown = get_args_parser().parse_known_intermixed_args(list(typed))
    if arguments.config_path and "://" not in arguments.config_path:
        arguments.config_path = str(Path(arguments.config_path).resolve())
    if arguments.cfg and arguments.multirun:
        _show_first_job(arguments)
    return arguments, unknown


def to_arguments(arguments: Namespace) -> list[str]:
    """Returns the parsed arguments as Hydra takes them: flags first.

    Args:
        arguments: The arguments that `argparse` has read, with `overrides` among them.
    """
    flags = []
    for name, value in vars(arguments).items():
        flag = f"--{name.replace('_', '-')}"
        if name != "overrides" and value not in (None, False):
            flags.append(flag if value is True else f"{flag}={value}")
    return [*flags, *arguments.overrides]


def _show_first_job(arguments: Namespace) -> None:
    from altitude.config.composing import variants

    arguments.multirun = False
    swept, arguments.overrides = arguments.overrides, next(variants(arguments.overrides))
    if swept != arguments.overrides:
        print("altitude: this is the config of the sweep's first job", file=sys.stderr)
