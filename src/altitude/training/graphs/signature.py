"""What of an experiment decides on its graphs, apart from the values that variables take."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.experiment import Experiment, plain
from altitude.loops import Loop
from altitude.loops.stepping import SteppingLoop

BOUND = "clip_norm"
CALLBACKS = ("keras.callbacks.", "altitude.callbacks.")
PRUNING = "altitude.callbacks.Pruning"


def graph_signature(experiment: Experiment) -> str:
    """Describes an experiment such that two with the same description trace the same graphs.

    Left out are the seed, the number of epochs, numeric learning rates, the bound of a step that
    clips, tracking, and callbacks of Keras' own and ours with plain values alone. Functions are
    told apart by identity, so the description holds as long as the experiment lives.
    """
    parts = {
        "dataset": experiment.dataset,
        "model": experiment.model,
        "optimizer": experiment.optimizer,
        "objective": experiment.objective,
        "loop": _without_values(experiment.loop),
        "callbacks": {n: c for n, c in experiment.callbacks.items() if not _is_plain(c)},
    }
    described = {name: plain(part, opaque=_by_identity) for name, part in parts.items()}
    described["optimizer"] = _without_rates(described["optimizer"])
    return repr(described).replace(str(experiment.output_dir), "")


def description(setting: Any) -> str:
    """Describes a setting with all its values. Functions are told apart by identity."""
    return repr(plain(setting, opaque=_by_identity))


def _without_values(loop: Loop) -> Loop:
    loop = dataclasses.replace(loop, epochs=1)
    if not isinstance(loop, SteppingLoop):
        return loop
    step: Any = loop.clipped_step
    if getattr(step, BOUND, None) is not None and not _reads_bound(type(step)):
        step = dataclasses.replace(step, clip_norm=1.0)
    return dataclasses.replace(loop, step=step, clip_norm=None)


def _reads_bound(step_class: type) -> bool:
    """Whether a class of the user's own reads the bound as a number, which its graph then holds."""
    own = [c for c in step_class.__mro__ if not c.__module__.startswith(("altitude.", "builtins"))]
    try:
        return any(BOUND in inspect.getsource(cls) for cls in own)
    except (OSError, TypeError):
        return True


def _is_plain(callback: Any) -> bool:
    if not isinstance(callback, LazyCall) or not callback.target.startswith(CALLBACKS):
        return False
    if callback.target == PRUNING:  # it looks at metrics, whatever its pruner is
        return True
    values = callback.arguments.values()
    return all(value is None or isinstance(value, bool | int | float | str) for value in values)


def _without_rates(described: Any) -> Any:
    if not isinstance(described, Mapping):
        return described
    return {
        name: type(value).__name__
        if name == "learning_rate" and isinstance(value, int | float)
        else _without_rates(value)
        for name, value in described.items()
    }


def _by_identity(thing: Any) -> str:
    return f"{type(thing).__qualname__} {id(thing)}"
