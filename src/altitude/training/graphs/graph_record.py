"""What the steps of a model were traced into, and whether another run may use that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from altitude.internals.tensorflow import is_known_and_stateless
from altitude.lazy import keras, tf
from altitude.models.variables import metric_variables, variables
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


class GraphRecord:
    """The graphs of a model's steps, and the model as it was built.

    Attributes:
        constants: The constants that graphs take from the model as it was built.
    """

    def __init__(self) -> None:
        self.constants = ""
        self._variables: list[tf.Variable] = []
        self._graphs: list[TracedGraph] = []

    def note_model(self, model: keras.Model) -> None:
        """Records the constants and variables of a model, once it is built and prepared.

        Args:
            model: The compiled model.
        """
        self.constants = constants(model)
        self._variables = variables(model)

    @contextmanager
    def tracing(self, model: keras.Model) -> Iterator[None]:
        """Records the graphs that a step is traced into inside the block.

        Args:
            model: The model that the step trains.
        """
        graphs = []
        graph = tf.compat.v1.get_default_graph()
        while graph.building_function:
            graphs.append(graph)
            graph = graph.outer_graph
        held, before = constants(model), random_state()
        yield
        if graphs:  # a callback may call the step as plain Python
            self._graphs.append(TracedGraph(tuple(graphs), held, random_state() != before))

    def would_be_the_same(self, model: keras.Model) -> bool:
        """Returns whether a model of the same structure would be traced into the same graphs.

        After training. Graphs must depend on the batch and on the model's variables alone, and the
        model must be as it was built, but for the values of its variables.

        Args:
            model: The model after training.
        """
        present = variables(model)
        known = [*present, *metric_variables(model)]
        return (
            bool(self._graphs)
            and [*map(id, present)] == [*map(id, self._variables)]
            and constants(model) == self.constants
            and all(graph.constants == self.constants for graph in self._graphs)
            and not any(graph.depends_on_more(known) for graph in self._graphs)
        )


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
        """Returns whether its results depend on anything but its batches and known variables.

        Args:
            known: The variables of the model and of its metrics.
        """
        handles = {id(variable.handle) for variable in known}
        outermost = self.graphs[-1]
        unknown = any(id(external) not in handles for external, _ in outermost.captures)
        return unknown or self.drew or bool(hidden_state(outermost))


def hidden_state(graph: Any) -> set[str]:
    """Returns the operations of a graph that may have a state of their own, or run Python.

    Args:
        graph: A TensorFlow graph.
    """
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    own = {function.signature.name for function in definition.library.function}
    names = {node.op for node in nodes} - HARMLESS - own
    return {
        name
        for name in names
        if not name.startswith(HARMLESS_PREFIXES) and not is_known_and_stateless(name)
    }
