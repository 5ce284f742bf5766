"""Heavy libraries that are imported at their first use, not when a module names them.

Write `from altitude.lazy import keras, tf` at the top of a module, where it would be
`import keras` and `import tensorflow as tf` otherwise. A type checker sees the libraries
themselves. With `from __future__ import annotations`, annotations may use them, too.

A module that defines a class of Keras or TensorFlow needs it at once and imports it plainly.

Why not `etils.epy.lazy_imports`: it replaces `builtins.__import__` while a module is imported, in
every thread. Here, workers import TensorFlow in a thread of its own meanwhile.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any


class LazyModule(ModuleType):
    """A module that is imported when one of its attributes is asked for.

    Args:
        name: The full name of the module.

    Example:
        >>> fractions = LazyModule("fractions")
        >>> fractions.Fraction(1, 2)
        Fraction(1, 2)
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(import_module(self.__name__), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(import_module(self.__name__), name)

    def __reduce__(self) -> tuple[type["LazyModule"], tuple[str]]:
        return LazyModule, (self.__name__,)


if TYPE_CHECKING:
    import keras as keras
    import mlflow as mlflow
    import numpy as np
    import optuna as optuna
    import pandas as pandas
    import pyarrow as pyarrow
    import tensorflow as tf
    from pyarrow import parquet as parquet
    from sklearn import model_selection as model_selection
else:
    keras = LazyModule("keras")
    mlflow = LazyModule("mlflow")
    model_selection = LazyModule("sklearn.model_selection")
    np = LazyModule("numpy")
    optuna = LazyModule("optuna")
    pandas = LazyModule("pandas")
    parquet = LazyModule("pyarrow.parquet")
    pyarrow = LazyModule("pyarrow")
    tf = LazyModule("tensorflow")

__all__ = [
    "LazyModule",
    "keras",
    "mlflow",
    "model_selection",
    "np",
    "optuna",
    "pandas",
    "parquet",
    "pyarrow",
    "tf",
]
