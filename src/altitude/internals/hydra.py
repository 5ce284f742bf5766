"""Private names of Hydra, and the differences between its versions."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import hydra
from hydra import version
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

__all__ = [
    "call_target",
    "create_config_search_path",
    "find_callable",
    "get_args_parser",
    "hydra_of_jobs",
    "hydra_with",
    "main",
    "name_folder",
    "returned_by",
    "store",
]

SINCE_1_4 = tuple(int(part) for part in hydra.__version__.split(".")[:2]) >= (1, 4)
VERSION_BASE = "1.3"
OF_VERSION = {} if SINCE_1_4 else {"version_base": VERSION_BASE}
"""The `version_base` argument, which is passed to Hydra 1.3 alone."""

ALLOWED = ("altitude.*", "colorlog.*", "hydra.*", "hydra_plugins.*", "logging.*", "rich.*")
"""What Hydra 1.4 may instantiate for its settings: callbacks, launchers, sweepers, logging."""


def main(config_path: str, config_name: str) -> Callable[[Any], Any]:
    """Returns `hydra.main` for a task.

    Args:
        config_path: The folder of the primary config.
        config_name: The primary config.
    """
    of_version: dict[str, Any] = OF_VERSION
    if SINCE_1_4:
        of_version = {"execution_whitelist": ALLOWED}
    return hydra.main(config_path=config_path, config_name=config_name, **of_version)


def find_callable(target: str) -> Any:
    """Imports a class or function without calling it.

    Args:
        target: The dotted path of the class or function.

    Returns:
        The class or function.

    Raises:
        InstantiationException: If there is none, or Hydra refuses it.
    """
    of_version = {"_execution_whitelist_": _permitted(target)} if SINCE_1_4 else {}
    return instantiate({"_target_": target, "_partial_": True}, **of_version).func


def _permitted(target: str) -> list[str]:
    """The target, unless it is one of those that Hydra 1.3 refuses by itself."""
    policy = importlib.import_module("hydra._internal.execution_policy")  # not in Hydra 1.3
    return [] if target in policy.DEFAULT_BLACKLISTED_MODULES else [target]


def call_target(config: Mapping[str, Any], *positional: Any, targets: Iterable[str]) -> Any:
    """Calls the target of a config node.

    Args:
        config: A node with a `_target_`.
        *positional: Positional arguments, which come before those of the node.
        targets: All targets that the node names, at any depth.

    Returns:
        What the target returned.

    Raises:
        InstantiationException: If a target cannot be imported, or is refused, or raises.
    """
    if not SINCE_1_4:
        return instantiate(config, *positional)
    for target in targets:
        find_callable(target)
    try:
        unchecked = importlib.import_module("hydra.utils").UNSAFE_DISABLE_EXECUTION_CHECKS
        return instantiate(config, *positional, _execution_whitelist_=unchecked)
    except InstantiationException:
        raise
    except Exception as error:
        message = f"Error in call to target '{config['_target_']}':\n{error!r}"
        raise InstantiationException(message) from error


@contextmanager
def hydra_with(loader: ConfigLoaderImpl) -> Iterator[Hydra]:
    """Runs a block with a Hydra of its own, in place of one that is running, as in a sweep.

    Args:
        loader: The config loader to use.

    Yields:
        The initialized Hydra.
    """
    instance = GlobalHydra.instance()
    running, instance.hydra = instance.hydra, None
    try:
        if not SINCE_1_4:
            version.setbase(VERSION_BASE)
        started = Hydra("altitude", loader)
        instance.initialize(started)
        yield started
    finally:
        GlobalHydra.instance().hydra = running


@contextmanager
def hydra_of_jobs(loader: ConfigLoaderImpl) -> Iterator[Hydra]:
    """Runs a block with a Hydra that is allowed to instantiate the classes its own config names.

    Args:
        loader: The config loader to use.

    Yields:
        The initialized Hydra.
    """
    permit: Any = nullcontext()
    if SINCE_1_4:
        permit = importlib.import_module("hydra.utils").execution_whitelist(ALLOWED)
    with permit, hydra_with(loader) as started:
        yield started


def store(name: str, node: Any, group: str | None = None) -> None:
    """Stores a config, in place of one of the same name.

    Args:
        name: The name of the config.
        node: The dataclass, mapping or config to store.
        group: The config group; None for the primary configs.
    """
    of_version: dict[str, Any] = {"replace": True} if SINCE_1_4 else {}
    ConfigStore.instance().store(group=group, name=name, node=node, **of_version)


def name_folder(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Sets `hydra.job.override_dirname`, which Hydra 1.3 writes when it composes.

    Since Hydra 1.4 it is computed where it is used.

    Args:
        config: The composed config, with Hydra's own node.
        overrides: The overrides of the task.
    """
    if SINCE_1_4:
        return
    form = config.hydra.job.config.override_dirname
    config.hydra.job.override_dirname = config_loader_impl.get_overrides_dirname(
        overrides=list(overrides),
        exclude_keys=list(form.exclude_keys),
        item_sep=form.item_sep,
        kv_sep=form.kv_sep,
    )


def returned_by(job: JobReturn) -> Any:
    """Returns the result of a job, or the error that it raised.

    `JobReturn.return_value` would raise the error again.

    Args:
        job: What Hydra's `run_job` returned.
    """
    return job._return_value
