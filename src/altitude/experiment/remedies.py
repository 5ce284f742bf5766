"""Suggests overrides for a training that diverges."""

from collections.abc import Iterator

from altitude.calls.lazy_call import LazyCall, lazy_calls
from altitude.experiment import Experiment
from altitude.loops import SteppingLoop
from altitude.steps.clipping import clips

CLIP_NORM = 1.0
SAFE_LEARNING_RATE = 1e-3
"""No proposal is above this rate, however high the one that failed."""


def divergence_remedies(experiment: Experiment) -> list[str]:
    """Suggests a lower learning rate, gradient clipping, and eager execution.

    Args:
        experiment: The experiment whose loss became NaN or infinite.

    Returns:
        One line each: the purpose, and the overrides that serve it.
    """
    optimizers = dict(lazy_calls("optimizer", experiment.optimizer))
    optimizers = {key: call for key, call in optimizers.items() if _is_optimizer(call)}
    proposals = {
        "a lower learning rate": " ".join(_lower_rates(optimizers)),
        "clipped gradients": " ".join(_clipping(experiment, optimizers)),
        "plain Python, to see the operation": _eagerly(experiment),
    }
    return [f"try {purpose}: {what}" for purpose, what in proposals.items() if what]


def _is_optimizer(call: LazyCall) -> bool:
    return "learning_rate" in call.arguments or call.target.startswith("keras.optimizers.")


def _lower_rates(optimizers: dict[str, LazyCall]) -> Iterator[str]:
    for key, call in optimizers.items():
        rate = call.arguments.get("learning_rate", SAFE_LEARNING_RATE)
        if isinstance(rate, int | float):
            lower = min(rate / 10, SAFE_LEARNING_RATE)
            yield _override(call, f"{key}.learning_rate", f"{lower:.3g}")


def _clipping(experiment: Experiment, optimizers: dict[str, LazyCall]) -> Iterator[str]:
    loop = experiment.loop
    if isinstance(loop, SteppingLoop) and clips(loop.step):
        if loop.bounded_step.clip_norm is None:  # type: ignore[attr-defined]
            yield f"loop.clip_norm={CLIP_NORM}"
        return
    for key, call in optimizers.items():
        if not any(call.arguments.get(name) for name in ("clipnorm", "clipvalue")):
            clipped = call.arguments.get("global_clipnorm")
            bound = min(clipped / 10, CLIP_NORM) if clipped else CLIP_NORM
            yield _override(call, f"{key}.global_clipnorm", f"{bound:.3g}")


def _override(call: LazyCall, key: str, value: str) -> str:
    """Returns an override of an argument, with a plus sign if the argument is new."""
    return f"{'' if key.rpartition('.')[2] in call.arguments else '+'}{key}={value}"


def _eagerly(experiment: Experiment) -> str:
    return "debug=eager" if hasattr(experiment.dataset, "limit") else "loop.run_eagerly=true"
