"""Composing the configs of many jobs: once for each choice of groups, then value by value."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from altitude.composition.packed_config import PackedConfig
from altitude.internals.hydra import name_folder


class Composer:
    """Composes configs as Hydra does for the jobs of a multirun, its own node included.

    Files are read when a choice of groups is composed for the first time, and not again.

    Args:
        loader: Hydra's config loader.
        main: The config composed of the overrides that are not swept.

    Attributes:
        loader: The same loader.
    """

    def __init__(self, loader: Any, main: DictConfig) -> None:
        self.loader = loader
        self._main = main
        self._composed: dict[tuple[str, ...], PackedConfig] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Composes a config.

        Args:
            overrides: Plain overrides, none of them a sweep.

        Returns:
            The config, with Hydra's own node.
        """
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        values = self._values_at_the_end(parsed)
        others = [override for override in parsed if override not in values]
        config = self._base(tuple(str(o.input_line) for o in others)).unpack()
        for override in values:
            OmegaConf.update(config, str(override.key_or_group), override.value())
        task_overrides = [override for override in parsed if not override.is_hydra_override()]
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.overrides.task = [override.input_line for override in task_overrides]
            name_folder(config, task_overrides)
        return config

    def _values_at_the_end(self, overrides: Sequence[Override]) -> list[Override]:
        """Those that set a value and come after all that add a key or take one away."""
        changes = [n for n, override in enumerate(overrides) if not self._keeps_keys(override)]
        first = changes[-1] + 1 if changes else 0
        return [override for override in overrides[first:] if self._sets_a_value(override)]

    def _base(self, choices: tuple[str, ...]) -> PackedConfig:
        if choices not in self._composed:
            config = self.loader.load_sweep_config(self._main, list(choices))
            self._composed[choices] = PackedConfig.of(config)
        return self._composed[choices]

    def _sets_a_value(self, override: Override) -> bool:
        """Whether it replaces one value in a composed config, and does nothing else."""
        plain = override.type is OverrideType.CHANGE and override.package is None
        return plain and not self._is_a_choice(override) and not override.is_hydra_override()

    def _keeps_keys(self, override: Override) -> bool:
        return override.type is OverrideType.CHANGE or self._is_a_choice(override)

    def _is_a_choice(self, override: Override) -> bool:
        key = str(override.key_or_group)
        return "." not in key and bool(self.loader.repository.group_exists(key))
