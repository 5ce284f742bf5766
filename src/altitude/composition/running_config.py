"""The config that `${hydra:...}` looks into."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf


@contextmanager
def running_config(config: DictConfig | None) -> Iterator[None]:
    """Makes `${hydra:...}` resolve to values of a config.

    Args:
        config: The composed config, with Hydra's own node; None changes nothing.
    """
    running: Any = HydraConfig.instance()
    before = running.cfg
    if config is not None:
        running.cfg = config
    try:
        yield
    finally:
        running.cfg = before


def typed_overrides(hydra: Any) -> list[str]:
    """Returns the overrides that a config was composed with, as they were typed.

    Hydra's list of them resolves interpolations in their text when it is read by item.

    Args:
        hydra: Hydra's own node.
    """
    overrides: Any = OmegaConf.to_container(hydra.overrides.task)
    return [str(override) for override in overrides]
