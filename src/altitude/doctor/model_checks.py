"""Checks of a compiled model on one batch, before it has learnt anything.

The thresholds follow the usual advice, such as "A Recipe for Training Neural Networks" by Andrej
Karpathy (2019), https://karpathy.github.io/2019/04/25/recipe/, widened so that the recipes of this
project are healthy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from altitude.data.arrays import Array
from altitude.data.pipeline import Pipelines
from altitude.doctor.activations import check_activations
from altitude.doctor.descent import descend, gradients_of, loss_of, takes_gradients
from altitude.doctor.report import Finding, Measurement, Verdict
from altitude.lazy import keras, tf
from altitude.steps.objective import unpack

FAR_FROM_CHANCE = 3.0
"""A loss at the start of so many times that of chance is too large."""

EXPLODING = 1000.0
"""A gradient norm from which gradients are called exploding."""

LARGE_UPDATE, SMALL_UPDATE = 0.5, 1e-6
"""The size of an update in proportion to the weights beyond which the learning rate is doubted."""

FITTED_EXAMPLES, FITTED_STEPS, FITTED_RATE = 32, 200, 3e-3
"""One small batch, which Adam trains on for a while."""

FITTED = 0.7
"""The share of its loss at the start that a batch which is learnt falls below."""


def check_model(model: keras.Model, pipelines: Pipelines) -> Iterator[Finding]:
    """Checks the loss, the gradients, the activations, an update, and whether a batch is learnt.

    The model is trained on the way.

    Args:
        model: The compiled model.
        pipelines: The data.

    Yields:
        What was measured, and what looks ill.
    """
    batch = next(iter(pipelines.train))
    count = model.count_params()
    yield Measurement(subject="model", text=f"{count:,} parameters, {count * 4 / 2**20:.1f} MiB")
    yield from _loss_at_start(model, batch, pipelines)
    yield from check_activations(model, unpack(batch)[0])
    yield from _gradients(model, batch)
    yield from _update(model, batch)
    yield from _fit_one_batch(model, batch)


def _loss_at_start(model: keras.Model, batch: Any, pipelines: Pipelines) -> Iterator[Finding]:
    loss = float(loss_of(model, batch, training=False))
    chance = _chance(model, pipelines)
    text = f"loss at the start {loss:.4g}" + (f", of chance {chance:.4g}" if chance else "")
    yield Measurement(subject="model", text=text)
    if chance and not loss <= FAR_FROM_CHANCE * chance:
        yield Verdict(
            name="loss at the start",
            subject="model",
            seen=f"the loss begins at {loss:.4g}; one that guesses has {chance:.4g}",
            reason="the first epochs go into making the outputs small again",
            instead="inputs from about -1 to 1 (dataset.divisor), or smaller initial weights",
        )


def _chance(model: keras.Model, pipelines: Pipelines) -> float | None:
    """The cross-entropy of guessing; None for another loss."""
    if isinstance(model.loss, keras.losses.BinaryCrossentropy):
        return math.log(2)
    crossentropies = (
        keras.losses.SparseCategoricalCrossentropy,
        keras.losses.CategoricalCrossentropy,
    )
    known = isinstance(model.loss, crossentropies) and pipelines.spec.num_classes > 1
    return math.log(pipelines.spec.num_classes) if known else None


def _gradients(model: keras.Model, batch: Any) -> Iterator[Finding]:
    _, gradients = gradients_of(model, batch)
    named = list(zip((v.path for v in model.trainable_variables), gradients, strict=True))
    if not named:
        yield _unlearnable("no variable is trainable", "trainable=true for some of its layers")
        return
    arrays = {path: tf.convert_to_tensor(g).numpy() for path, g in named if g is not None}
    missing = [path for path, g in named if g is None]
    zero = [path for path, g in arrays.items() if not g.any()]
    norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in arrays.values()))
    yield Measurement(subject="model", text=f"gradient norm {norm:.4g}")
    if missing:
        seen = f"the loss does not depend on {_listed(missing)}"
        yield _unlearnable(seen, "use these layers' outputs, or remove them")
    if zero:
        seen = f"the gradient of {_listed(zero)} is zero for every example"
        yield _unlearnable(seen, "look at the activations behind them: outputs that are cut off?")
    if not norm <= EXPLODING:
        yield Verdict(
            name="exploding gradients",
            subject="model",
            seen=f"the norm of the gradient is {norm:.4g}",
            reason="the first updates throw the weights far away",
            instead="loop=train_step loop.clip_norm=1.0, or inputs from about -1 to 1",
        )


def _unlearnable(seen: str, instead: str) -> Verdict:
    reason = "what has no gradient never learns"
    return Verdict(
        name="missing gradients", subject="model", seen=seen, reason=reason, instead=instead
    )


def _update(model: keras.Model, batch: Any) -> Iterator[Finding]:
    """Applies the optimizer once, and compares the updates with the weights."""
    optimizer, variables = model.optimizer, model.trainable_variables
    if not (variables and takes_gradients(optimizer)):
        return
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    for _ in range(optimizer.gradient_accumulation_steps or 1):
        descend(model, batch, optimizer)
    ratios = [
        _norm(keras.ops.convert_to_numpy(variable) - old) / _norm(old)
        for variable, old in zip(variables, before, strict=True)
        if _norm(old) > 0  # biases begin with zeros
    ]
    if ratios:
        inner = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
        has_schedule = isinstance(inner.get_config().get("learning_rate"), dict)
        yield from _size_of_update(float(np.median(ratios)), has_schedule=has_schedule)


def _size_of_update(typical: float, *, has_schedule: bool) -> Iterator[Finding]:
    yield Measurement(subject="model", text=f"the first update changes weights by {typical:.2%}")
    is_small = typical <= SMALL_UPDATE and not has_schedule  # which may begin with zero
    if not is_small and typical < LARGE_UPDATE:
        return
    yield Verdict(
        name="learning rate",
        subject="model",
        seen=f"the first update changes weights by {typical:.3g} times their size",
        reason="from a thousandth to a tenth is usual: the learning rate looks too "
        f"{'small' if is_small else 'large'}",
        instead=f"a {'larger' if is_small else 'smaller'} optimizer.learning_rate",
    )


def _fit_one_batch(model: keras.Model, batch: Any) -> Iterator[Finding]:
    """Trains on one small batch; a sound model learns it by heart."""
    if not model.trainable_variables:
        return
    small = tf.nest.map_structure(lambda part: part[:FITTED_EXAMPLES], batch)
    optimizer = keras.optimizers.Adam(FITTED_RATE)
    optimizer.build(model.trainable_variables)
    step = tf.function(lambda: descend(model, small, optimizer))
    losses = [float(step()) for _ in range(FITTED_STEPS)]
    first, last = losses[0], min(losses)
    took = f"the loss of {FITTED_EXAMPLES} examples from {first:.4g} to {last:.4g}"
    yield Measurement(subject="model", text=f"{FITTED_STEPS} steps of Adam take {took}")
    if not last <= FITTED * first:
        yield Verdict(
            name="unlearnable batch",
            subject="model",
            seen=f"{FITTED_STEPS} steps of Adam on nothing else took {took}",
            reason="a model that cannot learn a few examples by heart learns nothing of many",
            instead="look at its last activation, at frozen layers, and at how labels are encoded",
        )


def _norm(values: Array) -> float:
    return float(np.linalg.norm(np.asarray(values, np.float64).ravel()))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
