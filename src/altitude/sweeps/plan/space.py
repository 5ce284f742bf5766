"""The space of a sweep: overrides that are fixed, and those that have several values."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import DictConfig, OmegaConf

from altitude.sweeps.job_record import REPEATS

Compose = Callable[[Sequence[str]], DictConfig]
"""Composes a config, Hydra's own node included, from plain overrides."""

PARAMS = "hydra.sweeper.params"
"""Where a config keeps the space of a sweep."""

RECIPE = "experiment"
"""The group whose options may bring a space."""


@dataclass(frozen=True)
class Space:
    """Overrides of one sweep.

    Attributes:
        fixed: The overrides that all jobs share.
        swept: The overrides with several values, parsed.
        among: Keys of which the sweep has several values, and this space one.
    """

    fixed: tuple[str, ...]
    swept: tuple[Override, ...]
    among: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The config keys, or groups, that are swept."""
        return (*self.among, *(str(override.key_or_group) for override in self.swept))

    @property
    def text(self) -> str:
        """The swept overrides, as they were written."""
        return " ".join(str(override.input_line) for override in self.swept)

    @property
    def empty(self) -> tuple[Override, ...]:
        """The swept overrides that stand for no value at all."""
        return tuple(override for override in self.swept if not values_of(override))

    def grid(self) -> Iterator[tuple[str, ...]]:
        """Yields every combination of values as plain overrides, the last parameter fastest."""
        for values in itertools.product(*map(values_of, self.swept)):
            yield (*self.fixed, *values)

    def samples(self) -> Iterator[tuple[str, ...]]:
        """Yields combinations in which each value occurs at least once; of intervals, the ends."""
        values = [values_of(override) for override in self.swept]
        first = [options[0] for options in values]
        yield (*self.fixed, *first)
        for position, options in enumerate(values):
            for option in options[1:]:
                yield (*self.fixed, *first[:position], option, *first[position + 1 :])


def values_of(override: Override) -> list[str]:
    """Returns the plain overrides that a swept one stands for; of an interval, its ends.

    Args:
        override: A parsed override that lists choices or gives an interval.
    """
    key = override.get_key_element()
    if override.is_discrete_sweep():
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    interval = cast("IntervalSweep", override.value())
    return [f"{key}={end}" for end in (interval.start, interval.end)]


def read_spaces(
    overrides: Sequence[str], compose: Compose, loader: ConfigLoader | None = None
) -> list[Space]:
    """Reads the space of a sweep: one, or one for each recipe where recipes are swept over.

    Args:
        overrides: The overrides that were typed.
        compose: Composes a config, to find the space that a recipe brings.
        loader: Lists the options of a group, for `model=glob(*)`.

    Returns:
        One space for each recipe, or a single one.

    Raises:
        hydra.errors.HydraException: If an override cannot be parsed.
    """
    parsed = _parsed(overrides, loader)
    among = [o.key_or_group for o in parsed if o.key_or_group == RECIPE and o.is_sweep_override()]
    return [_read(chosen, tuple(among), compose, loader) for chosen in _for_each_recipe(parsed)]


def _read(
    overrides: Sequence[Override],
    among: tuple[str, ...],
    compose: Compose,
    loader: ConfigLoader | None,
) -> Space:
    params = OmegaConf.select(compose(_first_job(overrides)), PARAMS) or {}
    brought = _parsed([f"{key}={value}" for key, value in params.items()], loader)
    chosen = {_effect(override): override for override in [*brought, *overrides]}
    return Space(
        tuple(str(o.input_line) for o in chosen.values() if not o.is_sweep_override()),
        tuple(override for override in chosen.values() if override.is_sweep_override()),
        among,
    )


def _first_job(overrides: Sequence[Override]) -> list[str]:
    """Plain overrides of one job: a swept choice may be one that the primary config lacks."""
    swept = {id(o): values_of(o)[:1] for o in overrides if o.is_sweep_override()}
    return [one for o in overrides for one in swept.get(id(o), [str(o.input_line)])]


def _effect(override: Override) -> tuple[object, ...]:
    """What an override is about: of two that set the same value, the later one counts."""
    return override.is_delete(), override.key_or_group, override.package


def _for_each_recipe(overrides: Sequence[Override]) -> Iterator[list[Override]]:
    """The overrides; where `experiment` has several values, once for each: they bring params."""
    for position, override in enumerate(overrides):
        if override.key_or_group == RECIPE and override.is_sweep_override():
            for value in values_of(override):
                yield [*overrides[:position], *_parsed([value]), *overrides[position + 1 :]]
            return
    yield list(overrides)


def _parsed(overrides: Sequence[str], loader: ConfigLoader | None = None) -> list[Override]:
    parsed: list[Override] = OverridesParser.create(loader).parse_overrides(list(overrides))
    return parsed


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Returns the shortest names that distinguish keys, such as `patience`.

    Args:
        keys: Dotted config keys.

    Returns:
        The name of each key: its last parts, as many as are needed. The names of what repeats a
        setting, such as `fold`, belong to these keys alone.
    """
    taken = {*keys, *REPEATS.values()}
    return {key: REPEATS.get(key) or _shortest(key, sorted(taken - {key})) for key in keys}


def _shortest(key: str, others: Sequence[str]) -> str:
    parts = key.split(".")
    for length in range(1, len(parts)):
        tail = ".".join(parts[-length:])
        if not any(other == tail or other.endswith(f".{tail}") for other in others):
            return tail
    return key


def value_at(config: DictConfig, key: str, text: str) -> Any:
    """Returns the value of a swept key: the composed value, or the name of the option of a group.

    Args:
        config: The composed config of a job.
        key: The dotted key, or the config group.
        text: The value as it was typed.
    """
    value = OmegaConf.select(config, key, throw_on_missing=False)
    if isinstance(value, DictConfig) or value is None:
        return None if text == "null" else text
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
