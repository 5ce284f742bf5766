"""No module but those in `altitude.internals` uses names that a library keeps to itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
INSIDE = SOURCE / "altitude" / "internals"
PRIVATE_MODULES = ("hydra._internal", "keras.src", "tensorflow.python")
ALLOWED = {("os", "_exit")}
"""Documented, underscore or not."""

FILES = [path for path in sorted(SOURCE.rglob("*.py")) if INSIDE not in path.parents]
TREES = {path: ast.parse(path.read_text()) for path in FILES}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and not name.endswith("_")


def own_names() -> set[str]:
    """All that `src` itself defines: functions, classes, variables, attributes."""
    nodes = [node for tree in TREES.values() for node in ast.walk(tree)]
    defined = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    on_self = {
        n.attr
        for n in nodes
        if isinstance(n, ast.Attribute)
        and isinstance(n.ctx, ast.Store)
        and isinstance(n.value, ast.Name)
        and n.value.id in ("self", "cls")
    }
    return defined | stored | on_self


OWN = own_names()


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of what is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What attributes are taken of, and their names; also those that are asked for as a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node.value), node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "delattr",
            "getattr",
            "hasattr",
            "setattr",
        ):
            name = node.args[1]
            if isinstance(name, ast.Constant):
                yield ast.unparse(node.args[0]), str(name.value)


def found_in(tree: ast.AST) -> list[str]:
    modules = [
        name
        for name in imported(tree)
        if name.partition(".")[0] not in (*sys.stdlib_module_names, "altitude")
        and (name.startswith(PRIVATE_MODULES) or any(map(is_private, name.split("."))))
    ]
    attributes = [
        f"{owner}.{name}"
        for owner, name in read(tree)
        if is_private(name) and name not in OWN and (owner, name) not in ALLOWED
    ]
    return modules + attributes


def test_modules_use_documented_names() -> None:
    found = {str(path.relative_to(SOURCE)): found_in(tree) for path, tree in TREES.items()}
    private = {path: names for path, names in found.items() if names}
    assert not private, f"private names of libraries: {private}. Move what needs them to internals"


@pytest.mark.parametrize(
    "code",
    [
        "from hydra._internal.hydra import Hydra",
        "import tensorflow.python.framework.ops",
        "from optuna.trial import _frozen",
        "model._flatten_layers()",
        "getattr(optimizer, '_inner_optimizers', ())",
    ],
)
def test_private_names_are_seen(code: str) -> None:
    assert found_in(ast.parse(code))
