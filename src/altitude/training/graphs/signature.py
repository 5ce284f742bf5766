"""What in an experiment determines its graphs, apart from the values of variables."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.experiment import Experiment, plain
from altitude.loops import Loop
from altitude.loops.stepping import SteppingLoop

CALLBACKS = ("keras.callbacks.", "altitude.callbacks.")
PRUNING = "altitude.sweeps.search.pruning.Pruning"


def graph_signature(experiment: Experiment) -> str:
    """Describes an experiment such that two with the same description trace the same graphs.

    Left out are the seed, the number of epochs, numeric learning rates, the `variable_settings` of
    the step, tracking, and Keras' and our callbacks that have plain values alone. Functions are
    compared by identity, so the description is valid as long as the experiment exists.

    Args:
        experiment: The experiment, which has to exist as long as the description is used.

    Returns:
        A text that is equal for equal graphs.
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
    """Describes a setting with all its values. Functions are compared by identity.

    Args:
        setting: A dataclass, lazy call, or plain value.

    Returns:
        A text that is equal for equal settings, as long as they exist.
    """
    return repr(plain(setting, opaque=_by_identity))


def _without_values(loop: Loop) -> Loop:
    """The loop without settings that no graph holds."""
    loop = dataclasses.replace(loop, epochs=1)
    if not isinstance(loop, SteppingLoop):
        return loop
    step: Any = loop.bounded_step
    names = vars(type(step)).get("variable_settings", ())
    given = {name: 1.0 for name in names if getattr(step, name) is not None}
    if given:
        step = dataclasses.replace(step, **given)
    return dataclasses.replace(loop, step=step, clip_norm=None)


def _is_plain(callback: Any) -> bool:
    if not isinstance(callback, LazyCall):
        return False
    if callback.target == PRUNING:  # with any pruner, it reads metrics alone
        return True
    if not callback.target.startswith(CALLBACKS):
        return False
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
