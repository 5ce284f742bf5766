"""Optimizers beyond Keras' own."""

from altitude.optimizers.grouped import Group, Grouped

__all__ = ["Group", "Grouped"]
