"""Public functions document their arguments in Google style."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

SOURCE = Path(__file__).parent.parent / "src"
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MODULES = {path: ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}
CLASSES = {
    node.name: node
    for module in MODULES.values()
    for node in ast.walk(module)
    if isinstance(node, ast.ClassDef)
}


def _methods(cls: ast.ClassDef) -> dict[str, Function]:
    return {node.name: node for node in cls.body if isinstance(node, Function)}


def _bases(cls: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).partition("[")[0] for base in cls.bases]


def _overrides(cls: ast.ClassDef, method: str) -> bool:
    """Whether a base class documents a method, or may: that of a library is not read."""
    for base in _bases(cls):
        known = CLASSES.get(base)
        if known is None and base not in ("ABC", "Protocol", "NamedTuple", "Generic"):
            return True
        if known and (method in _methods(known) or _overrides(known, method)):
            return True
    return False


def _is_property(method: Function) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in method.decorator_list)


PROTOCOLS = [
    {name for name, method in _methods(cls).items() if not _is_property(method)}
    for cls in CLASSES.values()
    if "Protocol" in _bases(cls)
]


def _implements_protocol(cls: ast.ClassDef, method: str) -> bool:
    """Whether a class has all methods of a protocol, which documents this one."""
    names = set(_methods(cls))
    return any(method in protocol <= names for protocol in PROTOCOLS)


def _public(node: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, Function]]:
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from _public(child, f"{name}.{child.name}")
        if isinstance(child, Function) and not child.name.startswith("_"):
            inherited = isinstance(node, ast.ClassDef) and (
                _overrides(node, child.name)
                or ("Protocol" not in _bases(node) and _implements_protocol(node, child.name))
            )
            if not inherited:
                yield f"{name}.{child.name}", child


def _arguments(function: Function) -> set[str]:
    of = function.args
    variadic = [one.arg for one in (of.vararg, of.kwarg) if one is not None]
    names = [one.arg for one in (*of.posonlyargs, *of.args, *of.kwonlyargs)]
    return {*names, *variadic} - {"self", "cls"}


def test_public_functions_document_their_arguments() -> None:
    undocumented = [
        name
        for path, module in MODULES.items()
        for name, function in _public(module, str(path.relative_to(SOURCE)))
        if _arguments(function) and "\nArgs:\n" not in (ast.get_docstring(function) or "")
    ]

    assert undocumented == []
