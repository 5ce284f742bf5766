"""The examples in docstrings are run, and what users meet first has one."""

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import altitude

SOURCE = Path(inspect.getfile(altitude)).parent

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

MET_FIRST = {
    "altitude": (
        "ConfigError",
        "Experiment",
        "LazyCall",
        "Objective",
        "Problem",
        "RunResult",
        "compose",
        "load",
        "run",
    ),
    "altitude.callbacks": ("Freeze", "SampleImages"),
    "altitude.data": (
        "ArrayDataset",
        "Digits",
        "Examples",
        "FashionMnist",
        "Mixup",
        "Npz",
        "Splits",
        "WeightedFashionMnist",
    ),
    "altitude.loops": ("Fit", "Tape", "TrainStep"),
    "altitude.models": ("BackboneHead", "Cnn", "Mlp", "Subclassed"),
    "altitude.optimizers": ("Grouped",),
    "altitude.steps": ("Accumulate", "AuxiliaryLoss", "Gan", "Supervised"),
    "altitude.tracking": ("Mlflow", "Untracked"),
}
"""What users meet first, by the module that they import it from."""


def modules_with_examples() -> list[str]:
    """The modules of the package that have an example in a docstring."""
    paths = [path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")]
    return sorted(
        ".".join(("altitude", *p.relative_to(SOURCE).with_suffix("").parts)) for p in paths
    )


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_give_what_they_show(module: str) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(import_module(module)):
        runner.run(example, out=report.append)
    assert runner.tries, f"{module} has no example that doctest finds"
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in MET_FIRST.items() for name in names]
)
def test_what_users_meet_first_has_an_example(module: str, name: str) -> None:
    documented = getattr(import_module(module), name)
    assert ">>> " in (documented.__doc__ or "")
