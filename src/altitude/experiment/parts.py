"""Reads the parts of an experiment from plain settings."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from omegaconf import OmegaConf

from altitude.calls.nodes import read_builder, read_each, read_lazy_call, read_object
from altitude.composition.directory import config_directory
from altitude.data import Dataset
from altitude.errors import ConfigError, Problem
from altitude.experiment.tracking import Tracking
from altitude.loops import Loop
from altitude.objective import Objective
from altitude.strategies import Strategy

Read = tuple[Any, list[Problem]]
"""What was read, None if that was not possible; and the problems on the way."""


def read_parts(settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Reads each group of an experiment that is there.

    Args:
        settings: Plain mappings, lists and values, by group.

    Returns:
        The parts that could be read, by group; and the problems of the others.
    """
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    for group, read in READERS.items():
        if group not in settings:
            continue
        part, found = read(group, settings[group])
        parts |= {} if part is None else {group: part}
        problems += found
    return parts, problems


def default_part(group: str) -> Any:
    """Returns the packaged default of a group.

    Reads the packaged config without composing it, so that `${output_dir}` stays as it is.

    Args:
        group: A key of `READERS` that is a config group.

    Raises:
        ConfigError: If the packaged config is damaged.
    """
    chosen: dict[str, str] = {}
    for entry in _packaged("config")["defaults"]:
        chosen |= entry if isinstance(entry, Mapping) else {}
    part, problems = READERS[group](group, _packaged(f"{group}/{chosen[group]}"))
    if problems:
        raise ConfigError(problems)
    return part


@cache
def _packaged(name: str) -> Any:
    return OmegaConf.to_container(OmegaConf.load(config_directory() / f"{name}.yaml"))


def _read_optimizer(key: str, node: Any) -> Read:
    """Reads one optimizer, or a mapping of several."""
    if not isinstance(node, Mapping) or "_target_" in node:
        return read_builder(key, node)
    return _read_calls(key, node)


def _read_calls(key: str, nodes: Mapping[str, Any], *, named: bool = False) -> Read:
    """Reads a mapping of calls; if they are `named`, they get their keys as an argument."""
    if named:
        nodes = {n: {"name": n, **v} if isinstance(v, Mapping) else v for n, v in nodes.items()}
    calls, problems = read_each(key, nodes.items(), read_lazy_call)
    return {name: call for name, call in calls.items() if call is not None}, problems


def _read_callbacks(key: str, nodes: Any) -> Read:
    if nodes is not None and not isinstance(nodes, Mapping):
        return None, [Problem(key, repr(nodes), "a mapping from names to callbacks")]
    return _read_calls(key, {name: n for name, n in (nodes or {}).items() if n is not None})


def _read_own(key: str, value: Any) -> Read:
    """Reads an argument of a custom `compile`; nodes with a `_target_` become lazy calls."""
    if isinstance(value, Mapping) and "_target_" in value:
        return read_lazy_call(key, value, keeps_partial=True)
    if not isinstance(value, Mapping | list):
        return value, []
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    built, problems = read_each(key, items, _read_own)
    return (built if isinstance(value, Mapping) else list(built.values())), problems


def _read_objective(key: str, node: Any) -> Read:
    """Reads loss and metrics; a metric gets its key as its name.

    A mapping without `_target_` is what a model class takes in a `compile` of its own, and may say
    which metric is monitored.

    Returns:
        The objective, None if there are problems; and the problems.
    """
    if not isinstance(node, Mapping) or ("_target_" in node and "loss" not in node):
        return read_object(key, node, (Objective,))
    settings, problems = dict(node), list[Problem]()
    if "_target_" not in node:
        monitored = {name: node[name] for name in ("monitor", "mode") if name in node}
        own, problems = _read_own(key, {n: v for n, v in node.items() if n not in monitored})
        target = f"{Objective.__module__}.{Objective.__qualname__}"
        settings = {"_target_": target, "loss": None, "metrics": {}, "own": own, **monitored}
    elif node.get("loss") is not None:
        loss, problems = read_lazy_call(f"{key}.loss", node["loss"], keeps_partial=True)
        settings["loss"] = loss
    for group in ("metrics", "weighted_metrics"):
        metrics = settings.get(group) or {}
        if isinstance(metrics, Mapping):
            settings[group], found = _read_calls(f"{key}.{group}", metrics, named=True)
            problems += found
    return (None, problems) if problems else read_object(key, settings, (Objective,))


def _of_kind(*kinds: type) -> Callable[[str, Any], Read]:
    return lambda key, node: read_object(key, node, kinds)


READERS: Mapping[str, Callable[[str, Any], Read]] = {
    "seed": lambda _key, seed: (seed, []),
    "dataset": _of_kind(Dataset),
    "model": read_builder,
    "optimizer": _read_optimizer,
    "objective": _read_objective,
    "loop": _of_kind(Loop),
    "callbacks": _read_callbacks,
    "strategy": _of_kind(Strategy),
    "tracking": _of_kind(Tracking),
}
"""How each group of a config is read."""
