"""Composed configs in few bytes, for sweeps of many jobs."""

import pickle
import zlib
from dataclasses import dataclass

from omegaconf import DictConfig

LEVEL = 1
"""The fastest compression; most of a config repeats itself."""


@dataclass(frozen=True)
class PackedConfig:
    """A config that takes about a hundredth of the memory.

    Attributes:
        data: The config, pickled and compressed.

    Example:
        >>> from omegaconf import OmegaConf
        >>> PackedConfig.of(OmegaConf.create({"seed": 7})).unpack().seed
        7
    """

    data: bytes

    @classmethod
    def of(cls, config: DictConfig) -> "PackedConfig":
        """Packs a config.

        Args:
            config: The config, which may change afterwards.

        Returns:
            The packed config.
        """
        return cls(zlib.compress(pickle.dumps(config), LEVEL))

    def unpack(self) -> DictConfig:
        """Returns a copy of the config, which may be changed."""
        config: DictConfig = pickle.loads(zlib.decompress(self.data))  # noqa: S301 - packed here
        return config
