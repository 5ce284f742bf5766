"""Imports point downwards, without circles, and light modules load no heavy library."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"

FLOORS = (
    {"__main__"},
    {"cli", "altitude_launcher", "altitude_sweeper"},
    {"records"},
    {"config"},
    {"sweeps"},
    {"doctor", "runs"},
    {"tracking"},
    {"training"},
    {"experiment"},
    {"composition", "strategies"},
    {"loops"},
    {"callbacks", "steps"},
    {"models", "optimizers", "objective"},
    {"data", "calls", "directions"},
    {"display", "failures", "session"},
    {"internals"},
    {"errors", "garbage_collection", "lazy", "validation", "version"},
)
"""From the top to the bottom: what is on one floor uses those below it, and nothing beside it."""

HEAVY = ("tensorflow", "keras", "mlflow", "optuna", "pandas", "matplotlib")


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in SOURCE.rglob("*.py")}


def imports_of(module: str) -> Iterator[str]:
    """Our own modules that a module imports anywhere, also inside functions or for types alone."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


GRAPH = {module: set(imports_of(module)) - {module} for module in MODULES}


def room_of(module: str) -> str:
    """The folder or file right under a package; the packages' own `__init__` are in none."""
    return module.split(".")[1] if "." in module else ""


def test_imports_point_downwards() -> None:
    height = {room: -number for number, floor in enumerate(FLOORS) for room in floor}
    assert {room_of(module) for module in MODULES} - {""} == set(height)
    upward = [
        f"{module} imports {imported}"
        for module, found in GRAPH.items()
        for imported in found
        if room_of(module) and room_of(imported) not in ("", room_of(module))
        if height[room_of(imported)] >= height[room_of(module)]
    ]
    assert upward == []


def test_imports_have_no_circles() -> None:
    try:
        list(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        raise AssertionError(f"a circle: {' -> '.join(error.args[1])}") from None
