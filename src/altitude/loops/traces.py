"""How often each step was traced into a graph, and of what batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from altitude.lazy import keras, tf
from altitude.loops.bound_step import trainable
from altitude.steps.batch import Batch, BatchFunction, Logs
from altitude.steps.overridden_methods import overrides_train_step
from altitude.steps.replicas import is_first_replica

BATCH_PARTS = ("x", "y", "sample_weight")
"""The names of the elements of a batch."""


@dataclass(frozen=True)
class Trace:
    """The arguments and variables that a step was traced for.

    Attributes:
        kinds: The dtype and rank of each argument, by its name.
        shapes: The dtype and shape of each argument, by its name.
        trainable: Whether each of the model's variables was trainable.
    """

    kinds: tuple[tuple[str, str], ...]
    shapes: tuple[tuple[str, str], ...]
    trainable: tuple[bool, ...]

    @property
    def reason(self) -> object:
        """The reason for a new trace: other kinds of arguments, other trainable variables."""
        return self.kinds, self.trainable


class Traces:
    """Counts the traces of each step of one run.

    A step is traced once for its batches, once more for batches of another kind (with a sample
    weight and without), and once more for each change of what is trainable. All else is waste.

    Args:
        record: Called with the model; a step is traced inside of what it returns.
    """

    def __init__(
        self,
        record: Callable[[keras.Model], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        self._record = record
        self._seen: dict[str, list[Trace]] = {}
        self._making_variables: set[str] = set()

    @property
    def counts(self) -> dict[str, int]:
        """The number of traces of each step, by its name."""
        return {name: len(traces) for name, traces in self._seen.items()}

    def counted(self, name: str, model: keras.Model, step: BatchFunction) -> BatchFunction:
        """Returns a step that does the same and counts its traces.

        Args:
            name: The name that traces are counted under.
            model: The compiled model.
            step: The function of a batch.
        """
        if model.run_eagerly:
            return step
        if overrides_train_step(model):
            self._making_variables.add(name)

        def traced(batch: Batch) -> Logs:
            if is_first_replica():
                self._seen.setdefault(name, []).append(_trace(model, batch))
            with self._record(model):
                return step(batch)

        return traced

    def restart(self) -> None:
        """Counts from nothing, for another run with the same graphs."""
        self._seen = {name: [] for name in self._seen}

    def warnings(self) -> list[str]:
        """Returns a sentence for each step that was traced more often than its batches require."""
        sentences = []
        for name, traces in self._seen.items():
            expected = len({trace.reason for trace in traces})
            if name in self._making_variables and traces[:1] == traces[1:2]:
                expected += 1  # a class with optimizers of its own has them build in its first call
            if len(traces) > expected:
                sentences.append(_describe_waste(name, traces, expected))
        return sentences


def _trace(model: keras.Model, batch: Batch) -> Trace:
    parts = batch if isinstance(batch, tuple) else (batch,)
    kinds, shapes = [], []
    for part, value in zip(BATCH_PARTS, parts, strict=False):
        for path, tensor in _named(part, value):
            shape = tf.TensorShape(getattr(tensor, "shape", None))
            dtype = getattr(getattr(tensor, "dtype", None), "name", type(tensor).__name__)
            kinds.append((path, f"{dtype} of rank {shape.rank}"))
            shapes.append((path, f"{dtype} {shape}"))
    return Trace(tuple(kinds), tuple(shapes), trainable(model))


def _named(name: str, value: Any) -> list[tuple[str, Any]]:
    leaves = keras.tree.flatten_with_path(value)
    return [(name + "".join(f"[{key}]" for key in path), leaf) for path, leaf in leaves]


def _describe_waste(name: str, traces: list[Trace], expected: int) -> str:
    count = f"{name} was traced {len(traces)} times where {expected} would do"
    changed = []
    for argument, _ in traces[0].shapes:
        shapes = list(dict.fromkeys(dict(trace.shapes).get(argument, "none") for trace in traces))
        if len(shapes) > 1:
            changed.append(f"{argument} was {', then '.join(shapes)}")
    if changed:
        return (
            f"{count}: {'; '.join(changed)}. Every new shape costs a trace: "
            "pad the batches, or let the dataset's element_spec leave that dimension open (None)"
        )
    return (
        f"{count}, with the same shapes each time. Something else than the batch changed: a Python "
        "number that should be a tensor, or variables that were made in the first call and should "
        "be made before it, in the step's `build`"
    )
