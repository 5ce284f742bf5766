"""Whether the graphs of one run may serve another: they depend on nothing but known variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from altitude.internals.tensorflow import is_known_and_stateless
from altitude.lazy import keras, tf
from altitude.session import random_state
from altitude.training.graphs.constants import constants

HARMLESS = frozenset(
    {
        "Assert",
        "AssignAddVariableOp",
        "AssignSubVariableOp",
        "AssignVariableOp",
        "Case",
        "If",
        "IteratorGetNext",
        "IteratorGetNextAsOptional",
        "NoOp",
        "PartitionedCall",
        "Placeholder",
        "PrintV2",
        "ReadVariableOp",
        "ResourceGather",
        "ResourceGatherNd",
        "StatefulPartitionedCall",
        "VarIsInitializedOp",
        "VariableShape",
        "While",
    }
)
"""Stateful operations whose state is in variables that are captured, or that have none."""

HARMLESS_PREFIXES = ("ResourceApply", "ResourceSparseApply", "ResourceScatter", "ResourceStrided")
"""The same, of operations that update such variables."""


@dataclass(frozen=True)
class TracedGraph:
    """A graph, and what went into it besides the batch and the variables.

    Attributes:
        graphs: The graph of the step and those around it, the outermost last.
        constants: The model's, at that moment: see `constants`.
        drew: Whether Python's or NumPy's random numbers were drawn, which the graph now holds.
    """

    graphs: tuple[Any, ...]
    constants: str
    drew: bool

    def depends_on_more(self, known: Sequence[tf.Variable]) -> bool:
        """Whether its results depend on anything but its batches and known variables."""
        handles = {id(variable.handle) for variable in known}
        outermost = self.graphs[-1]
        unknown = any(id(external) not in handles for external, _ in outermost.captures)
        return unknown or self.drew or bool(hidden_state(outermost))


@contextmanager
def tracing(model: keras.Model, record: list[TracedGraph]) -> Iterator[None]:
    """Records the graph into which a step is traced inside."""
    graphs = []
    graph = tf.compat.v1.get_default_graph()
    while graph.building_function:
        graphs.append(graph)
        graph = graph.outer_graph
    held, before = constants(model), random_state()
    yield
    if graphs:  # a callback may call the step as plain Python
        record.append(TracedGraph(tuple(graphs), held, random_state() != before))


def hidden_state(graph: Any) -> set[str]:
    """Names of the operations of a graph that may hold a state of their own, or run Python."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    own = {function.signature.name for function in definition.library.function}
    names = {node.op for node in nodes} - HARMLESS - own
    return {
        name
        for name in names
        if not name.startswith(HARMLESS_PREFIXES) and not is_known_and_stateless(name)
    }
