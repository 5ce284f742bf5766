"""Optimizers beyond Keras' own."""

from collections.abc import Callable, Mapping
from typing import Any

from altitude.optimizers.grouped import Group, Grouped

Optimizer = Callable[[], Any] | Mapping[str, Callable[[], Any]]
"""Returns the optimizer; or several such functions, by the names that a model class has for them
in a `compile` of its own."""

__all__ = ["Group", "Grouped", "Optimizer"]
