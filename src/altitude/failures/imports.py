"""Explains why a `_target_` cannot be imported."""

import sys
from pathlib import Path
from pkgutil import iter_modules

from altitude.errors import Problem, did_you_mean
from altitude.failures.failure import Failure, explain_failure

EXPECTED = "the import path of a class or function"


def import_problem(key: str, target: str, error: BaseException) -> Problem:
    """Describes a target that cannot be imported.

    Args:
        key: The config key of the target.
        target: The dotted path of the class or function.
        error: The exception of the import, with the exception of the module itself as its cause.

    Returns:
        The problem, with advice on how to mend it.
    """
    cause = error.__cause__ or error
    missing = (cause.name or "") if isinstance(cause, ModuleNotFoundError) else ""
    module, name = (missing or target).rpartition(".")[::2]
    if module in sys.modules and (isinstance(cause, AttributeError) or _is_part(missing, target)):
        return Problem(key, target, EXPECTED, _similar(module, name))
    if _is_part(missing, target):
        return Problem(key, target, EXPECTED, _missing_module(missing))
    failure = explain_failure(cause)
    if failure.place is None:
        return Problem(key, target, EXPECTED, failure.cause)
    expected = f"a module that can be imported: {failure.cause}"
    return Problem(key, target, expected, _how_to_fix(failure))


def _is_part(module: str, target: str) -> bool:
    """Whether the missing module is part of the target's path, not one that the target imports."""
    return bool(module) and f"{target}.".startswith(f"{module}.")


def _similar(module: str, name: str) -> str:
    found = sys.modules[module]
    folders = list(getattr(found, "__path__", []))
    names = [*dir(found), *(submodule.name for submodule in iter_modules(folders))]
    place = folders[0] if folders else getattr(found, "__file__", module)
    instead = did_you_mean(name, [known for known in names if not known.startswith("_")])
    return instead or f"a name that is there: `{module}` ({place}) has no `{name}`"


def _missing_module(name: str) -> str:
    """Suggests how to make a module importable."""
    top = name.partition(".")[0]
    here = [path.stem for path in Path.cwd().iterdir() if path.is_dir() or path.suffix == ".py"]
    return did_you_mean(top, here) or (
        f"PYTHONPATH=folder altitude ..., with the folder that holds `{top}`: it is not in the "
        "current folder, nor beside --config-dir, nor installed"
    )


def _how_to_fix(failure: Failure) -> str:
    return ": ".join(part for part in (f"mend {failure.place}", failure.advice) if part)
