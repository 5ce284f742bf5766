"""The tree that shows a composed experiment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.tree import Tree

from altitude.experiment import Experiment


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
    shown = {k: v for k, v in node.items() if k != "_target_" and v not in (None, False, {}, [])}
    return "  ".join(f"{key}={_short(value)}" for key, value in shown.items()).replace("[", "\\[")


def _short(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if "_target_" in value:
        name = str(value["_target_"]).rpartition(".")[2]
        return name if len(value) == 1 else f"{name}({_arguments(value)})"
    return "{" + ", ".join(str(key) for key in value) + "}"
