"""Composing the configs of many jobs: once for each choice of groups, then value by value."""

import copy
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict, read_write


class Composer:
    """Composes configs as Hydra does for the jobs of a multirun, its own node included.

    Files are read when a choice of groups is composed for the first time, and not again.

    Args:
        loader: Hydra's config loader.
        main: What it composed of the overrides that are not swept.
    """

    def __init__(self, loader: Any, main: DictConfig) -> None:
        self._loader = loader
        self._main = main
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Composes a config.

        Args:
            overrides: Plain overrides, none of them a sweep.
        """
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        values = [override for override in parsed if self._sets_a_value(override)]
        others = [o for o in parsed if o not in values]
        config = copy.deepcopy(self._base(tuple(str(o.input_line) for o in others)))
        for override in values:
            OmegaConf.update(config, str(override.key_or_group), override.value())
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.overrides.task = list(overrides)
        return config

    def _base(self, choices: tuple[str, ...]) -> DictConfig:
        if choices not in self._composed:
            self._composed[choices] = self._loader.load_sweep_config(self._main, list(choices))
        return self._composed[choices]

    def _sets_a_value(self, override: Override) -> bool:
        """Whether it replaces one value in a composed config, and does nothing else."""
        plain = override.type is OverrideType.CHANGE and override.package is None
        key = str(override.key_or_group)
        a_group = self._loader.repository.group_exists(key) if "." not in key else False
        return plain and not a_group and not override.is_hydra_override()
