"""Damages the values of a composed config, each time in the same way for the same seed."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Key = tuple[str | int, ...]

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    3,
    10**30,
    -(10**30),
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "abc",
    "a.b",
    "${nothing}",
    "é\u0000",
    [],
    [1],
    [[1]],
    [None, "a"],
    {},
    {"a": 1},
    {1: 2},
    {"a": {"b": [{}]}},
    {"_target_": 5},
    {"_target_": None},
    {"_target_": ""},
    {"_target_": "nodots"},
    {"_target_": "os.getcwd"},
    {"_target_": "sys.exit"},
    {"_target_": "subprocess.run", "args": ["false"]},
    {"_target_": "builtins.exit"},
    {"_target_": "collections.abc.Mapping"},
    {"_target_": "keras.Model"},
    {"_target_": "keras.optimizers.Adam", "_partial_": "maybe"},
    {"_target_": "keras.losses.Huber", "_args_": 5},
    {"_target_": "altitude.data.Digits"},
    {"_target_": "altitude.loops.Loop"},
    {"_target_": "altitude.compose"},
    {"_target_": "altitude.steps.Supervised", "clip_norm": {"_target_": "sys.exit"}},
    {"_target_": "altitude.optimizers.Grouped", "groups": {"a": {"layers": 1}}},
    [{"_target_": "os.getcwd"}],
    "keras.Model",
    "os.getcwd",
    "altitude.data.ArrayDataset",
)
"""What is put in the place of a value."""


def damaged(settings: dict[str, Any], chance: random.Random) -> tuple[Key, Any, dict[str, Any]]:
    """Puts an odd value in the place of one value, or beside it under a new name.

    Returns:
        The key, the odd value, and a copy of the settings with it.
    """
    key = chance.choice(list(_keys(settings)))
    value = deepcopy(chance.choice(VALUES))
    if chance.random() < 0.1:
        key = (*key[:-1], "added")
    copy = deepcopy(settings)
    place: Any = copy
    for part in key[:-1]:
        place = place[part]
    place[key[-1]] = value
    return key, value, copy


def _keys(value: dict[str, Any], prefix: Key = ()) -> Iterator[Key]:
    for name, item in value.items():
        yield (*prefix, name)
        if isinstance(item, dict):
            yield from _keys(item, (*prefix, name))
