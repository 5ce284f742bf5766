"""A caching config loader for Hydra, for processes that compose many configs.

A test compares what it composes with what Hydra's own loader does.
"""

import copy
import pickle
from collections.abc import Hashable
from dataclasses import astuple, replace
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from hydra._internal import config_loader_impl
from hydra._internal import defaults_list as defaults_lists
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.defaults_list import DefaultsList
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.default_element import InputDefault, ResultDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import DictConfig

NO_CHOICES = DictConfig({})

_create_defaults_list = defaults_lists.create_defaults_list

# Hydra 1.4 has no such function.
_create_interpolation_map: Any = getattr(defaults_lists, "_create_interpolation_map", None)


def avoid_unused_work() -> None:
    """Has Hydra leave out what takes most of its time, and makes no difference to what it composes.

    It makes a deep copy of its config store to list a config group, although the store itself
    copies each node that it hands out; and for every config it makes a map of choices for defaults
    that are interpolations, although hardly any are.
    """
    ConfigStore.__deepcopy__ = lambda store, _: store  # type: ignore[attr-defined]
    config_loader_impl.create_defaults_list = cached_defaults_list  # type: ignore[attr-defined]
    if _create_interpolation_map is not None:
        defaults_lists._create_interpolation_map = _interpolation_map_where_needed


def _interpolation_map_where_needed(
    overrides: defaults_lists.Overrides, defaults_list: list[InputDefault], self_added: bool
) -> DictConfig:
    if _create_interpolation_map and any(one.is_interpolation() for one in defaults_list):
        choices: DictConfig = _create_interpolation_map(overrides, defaults_list, self_added)
        return choices
    return NO_CHOICES


class CachingRepository(ConfigRepository):
    """Caches configs for the life of a process, and reads those again that have changed.

    Where a config is, and whether it has changed, is looked up once in the life of a repository,
    which is one composition and its variations.

    Args:
        config_search_path: Hydra's search path of configs.
    """

    _loaded: ClassVar[dict[Hashable, tuple[Any, bytes]]] = {}

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self.read: dict[str, Any] = {}
        self.interpolates = False

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        """Sets a search path, and clears what was cached for another."""
        self._sources: dict[tuple[str, ObjectType | None], ConfigSource | None] = {}
        self._versions: dict[str, Any] = {}
        self._options: dict[tuple[str, ObjectType | None], list[str]] = {}
        super().initialize_sources(config_search_path)

    def __deepcopy__(self, memo: Any) -> "CachingRepository":
        """Hydra copies it for each composition, which may take another search path."""
        copied = copy.copy(self)
        copied.read, copied.interpolates = {}, False
        return copied

    def _find_object_source(
        self, config_path: str, object_type: ObjectType | None
    ) -> ConfigSource | None:
        key = config_path, object_type
        if key not in self._sources:
            self._sources[key] = super()._find_object_source(config_path, object_type)
        return self._sources[key]

    def get_group_options(
        self, group_name: str, results_filter: ObjectType | None = ObjectType.CONFIG
    ) -> list[str]:
        """Returns the names of all options of a config group."""
        key = group_name, results_filter
        if key not in self._options:
            self._options[key] = super().get_group_options(group_name, results_filter)
        return [*self._options[key]]

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Returns a copy of a config; None if there is no such config."""
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        self.read[config_path] = self.version(config_path)
        if source is None:
            return None
        key = (source.scheme(), source.provider, source.path, config_path)
        version = self.version(config_path)
        if key not in self._loaded or self._loaded[key][0] != version:
            self._loaded[key] = version, pickle.dumps(super().load_config(config_path))
        result: ConfigResult = pickle.loads(self._loaded[key][1])  # noqa: S301 - written above
        self.interpolates |= any("${" in repr(one) for one in result.defaults_list or ())
        return result

    def version(self, config_path: str) -> Any:
        """Returns a value that changes with a config; None if there is no such config.

        Args:
            config_path: The path of the config, relative to the search path.
        """
        if config_path not in self._versions:
            source = self._find_object_source(config_path, ObjectType.CONFIG)
            self._versions[config_path] = source and _version(source, config_path)
        return self._versions[config_path]


_defaults_lists: dict[Hashable, tuple[dict[str, Any], bytes]] = {}


def cached_defaults_list(
    repo: Any,
    config_name: str | None,
    overrides_list: list[Override],
    prepend_hydra: bool,
    skip_missing: bool,
) -> DefaultsList:
    """Caches the result of Hydra's function with these arguments by choice of groups.

    Overrides of values are not part of the key, and lists with interpolations are not cached.

    Args:
        repo: Hydra's repository of configs.
        config_name: The name of the primary config, or None.
        overrides_list: The parsed overrides of the command line.
        prepend_hydra: Whether Hydra's own defaults come first.
        skip_missing: Whether missing mandatory choices are skipped.

    Returns:
        The defaults list, with this call's overrides of values.
    """
    files = getattr(repo, "delegate", None)
    if not isinstance(files, CachingRepository):
        return _create_defaults_list(repo, config_name, overrides_list, prepend_hydra, skip_missing)
    plain = [override for override in overrides_list if not override.is_sweep_override()]
    values = [override for override in plain if not _chooses(override, files)]
    choices = [override for override in plain if _chooses(override, files)]
    sources = tuple((source.scheme(), source.path) for source in files.sources)
    typed = tuple(override.input_line for override in choices)
    key = (sources, config_name, typed, prepend_hydra, skip_missing)
    if key in _defaults_lists and _are_unchanged(_defaults_lists[key][0], files):
        found: DefaultsList = pickle.loads(_defaults_lists[key][1])  # noqa: S301 - written below
    else:
        found = _create_defaults_list(repo, config_name, choices, prepend_hydra, skip_missing)
        if not files.interpolates:
            _defaults_lists[key] = dict(files.read), pickle.dumps(found)
    return replace(found, config_overrides=values)


def _chooses(override: Override, files: CachingRepository) -> bool:
    return not isinstance(override.value(), dict) and files.group_exists(override.key_or_group)


def _are_unchanged(versions: dict[str, Any], files: CachingRepository) -> bool:
    return all(files.version(path) == version for path, version in versions.items())


class CachingLoader(ConfigLoaderImpl):
    """Merges the files of each choice of config groups once, for all values that are set in it.

    Args:
        search_path: Hydra's search path of configs.
    """

    _merged: ClassVar[dict[Hashable, tuple[Any, bytes]]] = {}

    def __init__(self, search_path: ConfigSearchPath) -> None:
        avoid_unused_work()
        super().__init__(search_path)
        self.repository = CachingRepository(search_path)

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: Any
    ) -> DictConfig:
        key = tuple(astuple(default) for default in defaults)
        versions = [repo.delegate.version(default.config_path) for default in defaults]
        if key not in self._merged or self._merged[key][0] != versions:
            merged = super()._compose_config_from_defaults_list(defaults, repo)
            self._merged[key] = versions, pickle.dumps(merged)
        config: DictConfig = pickle.loads(self._merged[key][1])  # noqa: S301 - written above
        return config


class ComposedLoader(CachingLoader):
    """Returns a config that has been composed before, and composes no other.

    Args:
        search_path: Hydra's search path of configs.
        composed: The config.
    """

    def __init__(self, search_path: ConfigSearchPath, composed: DictConfig) -> None:
        super().__init__(search_path)
        self._composed = composed

    def load_configuration(self, *_arguments: Any, **_options: Any) -> DictConfig:
        """Returns the config, whatever is asked for."""
        return self._composed


def _version(source: ConfigSource, config_path: str) -> Any:
    name = ConfigSource._normalize_file_name(config_path)
    match source.scheme():
        case "structured":
            return ConfigStore.instance()._load(name)
        case "file":
            file: Any = Path(source.path, name)
        case "pkg":
            file = resources.files(source.path) / name
        case _:
            return object()  # equal to no other: what a plugin offers is loaded each time
    status = file.stat()  # of the file itself, where the path is a link
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
