"""Reuse of traced graphs between runs of one process.

`GraphCache` keeps the last training that ended well. A run that differs from it in values alone,
such as its seed, its learning rate or a bound, trains in that one's graphs: nothing is traced.

What it guarantees: the same numbers, bit for bit, as without it. The kept training starts from the
state of one that was built afresh, by `Training.restore`.

What it refuses, so that the run is traced as without it:
- experiments with another `graph_signature`: everything that is not a variable counts, such as
  classes, shapes and numbers in settings, unless a step lists them in its `variable_settings`;
- graphs that depend on more than their batch and the variables of the state: random operations of
  TensorFlow's own, Python that is called from the graph, tensors made while tracing;
- models that changed while they were trained in anything but their variables;
- loops of a user's own, and copies of a model on several devices.
"""

from altitude.training.graphs.cache import GraphCache

__all__ = ["GraphCache"]
