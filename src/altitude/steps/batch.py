"""The types of a step's inputs and outputs."""

from collections.abc import Callable, Mapping
from typing import Any

Batch = Any
"""(x, y) or (x, y, sample_weight), tensors whose first dimension is the batch."""

Logs = Mapping[str, Any]
"""Scalar tensors by metric name."""

BatchFunction = Callable[[Batch], Logs]
"""A step of one model."""
