"""The command line, one file a command. Imports neither TensorFlow nor MLflow."""

import sys
from importlib import import_module

COMMANDS = (
    "compare",
    "doctor",
    "evaluate",
    "export",
    "init",
    "new",
    "predict",
    "rerun",
    "resume",
    "show",
    "sync",
)
"""Commands beside the one that runs experiments; each is a module with a `main`."""


def main() -> None:
    """Runs the command line."""
    typed = sys.argv[1:]
    if typed[:1] and typed[0] in COMMANDS:
        import_module(f"altitude.cli.{typed[0]}").main(typed[1:])
    else:
        import_module("altitude.cli.run").main(typed)
