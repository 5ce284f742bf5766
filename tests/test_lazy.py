import pickle
import subprocess
import sys

import pytest

from altitude.lazy import LazyModule


def test_a_lazy_module_gives_the_names_of_the_library() -> None:
    import fractions

    assert LazyModule("fractions").Fraction is fractions.Fraction


def test_setting_a_name_sets_it_on_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import fractions

    monkeypatch.setattr(LazyModule("fractions"), "Fraction", "replaced")
    assert vars(fractions)["Fraction"] == "replaced"


def test_a_lazy_module_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(LazyModule("fractions"))).__name__ == "fractions"


def test_a_library_that_is_missing_is_named_at_its_first_use() -> None:
    missing = LazyModule("no_such_library")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        missing.something  # noqa: B018


def test_naming_heavy_libraries_imports_none_of_them() -> None:
    code = (
        "import sys; from altitude.lazy import keras, mlflow, np, optuna, pandas, tf; "
        "print({'keras', 'mlflow', 'numpy', 'optuna', 'pandas', 'tensorflow'} & {*sys.modules})"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
