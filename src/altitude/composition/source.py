"""The folders that a config is composed from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from altitude.composition.directory import config_directory
from altitude.errors import ConfigError, Problem

PRIMARY = "config"
"""The primary config, where no other is named."""


@dataclass(frozen=True)
class ConfigSource:
    """The folders and the primary config of a composition.

    Attributes:
        config_dir: A folder with config groups of the user's own.
        config_name: The primary config.
        config_path: The folder of the primary config, if it is not altitude's own: an absolute path
            or `pkg://...`.
    """

    config_dir: str | Path | None = None
    config_name: str = PRIMARY
    config_path: str | None = None

    @classmethod
    def of(cls, config: DictConfig) -> "ConfigSource":
        """Returns the source of a composed config.

        Args:
            config: The composed config, with Hydra's own node.
        """
        sources: Any = OmegaConf.to_container(config.hydra.runtime.config_sources)
        paths = {source["provider"]: _path(**source) for source in sources}
        main = paths.get("main", "")
        ours = os.path.realpath(main) == os.path.realpath(config_directory())
        name = config.hydra.job.config_name or PRIMARY
        return cls(paths.get("command-line"), name, None if ours else main or None)

    def flags(self) -> Iterator[str]:
        """Yields the command-line flags of this source, relative to the working folder."""
        if self.config_path is not None:
            yield from ("--config-path", self.config_path)
        if self.config_dir is not None:
            yield from ("--config-dir", os.path.relpath(self.config_dir))
        if self.config_name != PRIMARY:
            yield from ("--config-name", self.config_name)

    def search_path(self) -> Any:
        """Returns Hydra's search path.

        Raises:
            ConfigError: If a folder is not there.
        """
        from hydra.core.config_search_path import SearchPathQuery

        from altitude.internals.hydra import create_config_search_path

        path = create_config_search_path(self.config_path or str(config_directory()))
        if self.config_dir is not None:
            own = Path(self.config_dir).resolve()
            if not own.is_dir():
                raise ConfigError([Problem("config_dir", str(own), "a folder with config groups")])
            before_schema = SearchPathQuery(provider="schema")  # Hydra requires its schema last
            path.prepend("command-line", f"file://{own}", before_schema)
        return path


DEFAULT_SOURCE = ConfigSource()
"""Altitude's own configs alone."""


def _path(path: str, schema: str, **_provider: str) -> str:
    return path if schema in ("", "file") else f"{schema}://{path}"
