"""What of an experiment decides on its graphs, apart from the values that variables take."""

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
    """The loop without settings that no graph holds."""
    loop = dataclasses.replace(loop, epochs=1)
    if not isinstance(loop, SteppingLoop):
        return loop
    names = vars(type(loop.step)).get("variable_settings", ())
    given = {name: 1.0 for name in names if getattr(loop.step, name) is not None}
    step: Any = loop.step
    return dataclasses.replace(loop, step=dataclasses.replace(step, **given), clip_norm=None)


def _is_plain(callback: Any) -> bool:
    if not isinstance(callback, LazyCall):
        return False
    if callback.target == PRUNING:  # it looks at metrics, whatever its pruner is
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
