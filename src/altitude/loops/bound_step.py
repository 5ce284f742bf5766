"""Steps bound to a model: the only attributes that a run sets on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from altitude.lazy import keras, tf
from altitude.steps.batch import Batch, BatchFunction, Logs
from altitude.steps.replicas import on_all_replicas


def bind_steps(model: keras.Model, train: BatchFunction, test: BatchFunction) -> None:
    """Sets the steps that Keras' `fit` and `evaluate`, and the loop of altitude 3, call on a model.

    Args:
        model: The compiled model.
        train: The function that trains on a batch and returns logs.
        test: The function that evaluates on a batch and returns logs.
    """
    model.train_step = BoundStep(model, train)
    model.test_step = BoundStep(model, test)


class BoundStep:
    """A step of one model: Keras compiles it into a graph of its own, altitude 3 calls `run`.

    Args:
        model: The compiled model.
        step: A function of a batch that returns metrics by name.
    """

    def __init__(self, model: keras.Model, step: BatchFunction) -> None:
        self._model = model
        self._step = step

    def __call__(self, batch: Batch) -> Logs:
        """Runs the step on one batch, as it is: in the graph of the caller, if there is one."""
        return self._step(batch)

    @cached_property
    def run(self) -> Callable[[Any, int], Logs]:
        """The compiled step: takes an iterator over batches, and how many of them to run.

        It returns the logs of the last one. As with Keras, the model says how it is compiled:
        `jit_compile` and `run_eagerly`.
        """
        return _compiled(self._model, on_all_replicas(self._step))


def _compiled(model: keras.Model, step: BatchFunction) -> Callable[[Any, int], Logs]:
    if model.run_eagerly:
        return lambda batches, count: [step(next(batches)) for _ in range(count)][-1]

    if tf.distribute.has_strategy():
        return _distributed(model, step)

    # Without AutoGraph, as Keras does: control flow in a step is TensorFlow's or Python's.
    @tf.function(reduce_retracing=True, autograph=False, jit_compile=model.jit_compile)
    def run_batch(batch: Batch, _trainable: tuple[bool, ...]) -> Logs:
        return step(batch)

    @tf.function(reduce_retracing=True, autograph=False)
    def run_batches(batches: Any, count: tf.Tensor, frozen: tuple[bool, ...]) -> Logs:
        traced = run_batch.get_concrete_function(batches.element_spec, frozen)

        def run_next(done: tf.Tensor, _logs: Logs) -> tuple[tf.Tensor, Logs]:
            return done + 1, run_batch(next(batches), frozen)

        no_logs = tf.nest.map_structure(
            lambda spec: tf.zeros(spec.shape, spec.dtype), traced.structured_outputs
        )
        _, logs = tf.while_loop(lambda done, _: done < count, run_next, (tf.constant(0), no_logs))
        return logs  # type: ignore[no-any-return]

    # A graph holds what was trainable when it was traced: a change asks for another graph.
    return lambda batches, count: run_batches(batches, tf.constant(count), trainable(model))


def _distributed(model: keras.Model, step: BatchFunction) -> Callable[[Any, int], Logs]:
    """A call of the graph for each batch: between processes, a loop in the graph does not work."""

    @tf.function(reduce_retracing=True, autograph=False)
    def run_next(batches: Any, _trainable: tuple[bool, ...]) -> Logs:
        return step(next(batches))

    return lambda batches, count: [run_next(batches, trainable(model)) for _ in range(count)][-1]


def trainable(model: keras.Model) -> tuple[bool, ...]:
    """Returns whether each variable of the model is trainable, which a graph takes as constant.

    Args:
        model: The compiled model.
    """
    return tuple(bool(variable.trainable) for variable in model.variables)
