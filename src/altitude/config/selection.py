"""Selects values of a config that may be unresolvable."""

from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException


def selected(config: DictConfig, key: str, default: Any = None) -> Any:
    """Returns the value of a key.

    Args:
        config: The composed config.
        key: A dotted key.
        default: The value if there is no such key, or if it cannot be resolved.
    """
    try:
        return OmegaConf.select(config, key, default=default, throw_on_missing=False)
    except OmegaConfBaseException:
        return default
