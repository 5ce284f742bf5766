"""Checks that an experiment can train on several devices. Does not import TensorFlow."""

from typing import Any

from altitude.calls.lazy_call import LazyCall, lazy_calls
from altitude.errors import Problem
from altitude.loops import Loop, SteppingLoop
from altitude.objective import Objective
from altitude.strategies import Strategy

OF_EACH_REPLICA = {
    "clipnorm": "the gradient of each device's share would be clipped",
    "clipvalue": "the gradient of each device's share would be clipped",
    "global_clipnorm": "the gradient of each device's share would be clipped",
    "gradient_accumulation_steps": "Keras cannot accumulate on several devices",
}
"""Arguments of Keras' optimizers that do not mean on several devices what they mean on one."""

MEANS = ("sum_over_batch_size", "mean")
"""Reductions of a loss whose averages over shares are the average over the batch."""


def device_problems(
    strategy: Strategy, loop: Loop, optimizer: Any = None, objective: Objective | None = None
) -> list[Problem]:
    """Returns what prevents training on several devices, if these are requested.

    Args:
        strategy: On which devices the run is to train.
        loop: Who drives the epochs.
        optimizer: The optimizer, or several.
        objective: Loss and metrics.
    """
    if not strategy.distributes:
        return []
    return [
        *strategy.problems(),
        *_loop_problems(strategy, loop),
        *_optimizer_problems(optimizer),
        *_loss_problems(objective),
    ]


def _loop_problems(strategy: Strategy, loop: Loop) -> list[Problem]:
    why = f"strategy={strategy.name} cannot train"
    if not (loop.spans_processes if strategy.several_processes else loop.distributable):
        instead = "loop=tape" if strategy.name == "multi_worker" else "loop=train_step"
        return [
            Problem("loop", loop.name, f"a loop that strategy={strategy.name} can run", instead)
        ]
    problems = []
    if loop.on_nan != "fail":
        expected = f"fail: {why} that way, since each device would decide by itself"
        problems.append(Problem("loop.on_nan", loop.on_nan, expected, "loop.on_nan=fail"))
    if isinstance(loop, SteppingLoop) and not loop.step.distributable:
        given = type(loop.step).__name__
        expected = f"a step that computes means over its share of a batch: {why} {given}"
        instead = "strategy=one_device or, in a step of your own that does, distributable = True"
        problems.append(Problem("loop.step", given, expected, instead))
    for name, wrong in (
        ("run_eagerly", loop.run_eagerly),
        ("jit_compile", loop.jit_compile is True),
    ):
        if wrong:
            expected = f"false: {why} that way"
            problems.append(Problem(f"loop.{name}", "true", expected, f"loop.{name}=false"))
    return problems


def _optimizer_problems(optimizer: Any) -> list[Problem]:
    problems = []
    for key, call in lazy_calls("optimizer", optimizer):
        for name, reason in OF_EACH_REPLICA.items():
            value = call.arguments.get(name)
            if value is not None:
                instead = f"{key}.{name}=null"
                if name == "global_clipnorm":
                    instead += f" loop=train_step loop.clip_norm={value}"
                expected = f"null: {reason}"
                problems.append(Problem(f"{key}.{name}", str(value), expected, instead))
    return problems


def _loss_problems(objective: Objective | None) -> list[Problem]:
    loss = objective and objective.loss
    reduction = loss.arguments.get("reduction") if isinstance(loss, LazyCall) else None
    if reduction is None or reduction in MEANS:
        return []
    key, expected = "objective.loss.reduction", "a mean, which shares of a batch can be averaged by"
    return [Problem(key, str(reduction), expected, f"{key}=sum_over_batch_size")]
