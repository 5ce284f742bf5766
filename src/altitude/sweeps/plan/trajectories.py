"""Which jobs of a sweep train the same weights, epoch for epoch, until the first of them stops.

Settings that only say when a training ends, such as the patience of EarlyStopping, do nothing
before that. Jobs that differ in nothing else share a trajectory: one that goes on for longer
continues from the end of one that has stopped. The idea is that of Hippo's stage trees (VLDB 2022).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from altitude.sweeps.plan.identity import digest

EARLY_STOPPING = "keras.callbacks.EarlyStopping"
KNOWN = ("keras.", "altitude.")
"""Where classes come from that do not read how long a training may take."""


@dataclass(frozen=True)
class Trajectory:
    """The part of a job's settings that decides its weights in each epoch, and when it ends.

    Attributes:
        settings: What decides the weights in each epoch; two jobs may share a training if they
            agree in it.
        limits: The number of epochs and, if the training may stop early, the patience.
    """

    settings: str
    limits: tuple[int, ...]


def find_trajectory(settings: Mapping[str, Any]) -> Trajectory | None:
    """Returns the trajectory of a job; None if it cannot be known to be that of other jobs.

    A loop or a callback of the user's own may read the number of epochs, and two EarlyStoppings may
    stop for each other: such jobs are trained alone.

    Args:
        settings: The resolved settings of the job, without those that decide nothing.
    """
    loop, callbacks = settings.get("loop") or {}, settings.get("callbacks") or {}
    nodes = {name: node for name, node in callbacks.items() if node is not None}
    if not all(isinstance(node, Mapping) for node in (loop, *nodes.values())):
        return None
    targets = [str(node.get("_target_")) for node in (loop, *nodes.values())]
    stopping = [name for name, node in nodes.items() if node.get("_target_") == EARLY_STOPPING]
    if len(stopping) > 1 or not all(target.startswith(KNOWN) for target in targets):
        return None
    limits = [loop.get("epochs"), *(nodes[name].get("patience", 0) for name in stopping)]
    if not all(isinstance(limit, int) for limit in limits):
        return None
    free = {name: {**nodes[name], "patience": None} for name in stopping}
    rest = {**settings, "loop": {**loop, "epochs": None}, "callbacks": {**callbacks, **free}}
    return Trajectory(digest(rest), tuple(limits))


def precedes(first: Trajectory, second: Trajectory) -> bool:
    """Returns whether a training that ends with the first one's limits can go on to the second's.

    Args:
        first: A trajectory.
        second: Another one.
    """
    if first.settings != second.settings or first.limits == second.limits:
        return False
    return all(a <= b for a, b in zip(first.limits, second.limits, strict=True))
