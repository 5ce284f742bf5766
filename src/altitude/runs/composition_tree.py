"""The tree that shows a composed experiment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.tree import Tree

from altitude.experiment import Experiment

USUAL = {
    "checkpoint_every_seconds": 60.0,
    "flush_timeout": 60.0,
    "max_rollbacks": 3,
    "num_folds": 5,
    "on_nan": "fail",
    "required": True,
}
"""Settings that are shown only where they are others: they do not decide what is trained."""


def composition_tree(experiment: Experiment) -> Tree:
    """Returns a tree with a line for each group and each callback.

    Args:
        experiment: The experiment that is about to run.
    """
    settings = experiment.settings()
    folder = str(experiment.output_dir)
    tree = Tree(f"[bold]altitude[/]  seed {experiment.seed}  [dim]{_from_here(folder)}[/]")
    for group in ("dataset", "model", "optimizer", "objective", "loop", "strategy", "tracking"):
        tree.add(f"[cyan]{group}[/]  {_line(settings[group])}")
    branch = tree.add("[cyan]callbacks[/]")
    for name, callback in settings["callbacks"].items():
        branch.add(f"{name}  [dim]{_arguments(callback).replace(folder, '.')}[/]")
    return tree


def _from_here(folder: str) -> str:
    """Returns the path relative to the working folder."""
    return folder.removeprefix(f"{Path.cwd()}/").replace("[", "\\[")


def _line(node: Any) -> str:
    if not isinstance(node, Mapping):
        return str(node)
    name = str(node.get("_target_", "")).rpartition(".")[2]
    return f"{name}  [dim]{_arguments(node)}[/]"


def _arguments(node: Any) -> str:
    if not isinstance(node, Mapping):
        return ""
    given = {k: v for k, v in node.items() if k != "_target_" and v not in (None, False, {}, [])}
    shown = {key: value for key, value in given.items() if value != USUAL.get(key)}
    return "  ".join(f"{key}={_short(value)}" for key, value in shown.items()).replace("[", "\\[")


def _short(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if "_target_" in value:
        name = str(value["_target_"]).rpartition(".")[2]
        return name if len(value) == 1 else f"{name}({_arguments(value)})"
    return "{" + ", ".join(str(key) for key in value) + "}"
