"""Hydra's own loader of configs, as a sweep gets it."""

from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from altitude.composition.directory import config_directory
from altitude.internals.hydra import OF_VERSION
from altitude.sweeps.plan.composing import Composer


def loader_of(folder: str) -> Any:
    with initialize_config_dir(folder, **OF_VERSION):
        return GlobalHydra.instance().config_loader()


def main_config(loader: Any, *overrides: str) -> DictConfig:
    config: DictConfig = loader.load_configuration(
        "config", list(overrides), run_mode=RunMode.MULTIRUN
    )
    return config


@pytest.fixture(scope="session")
def loader() -> Any:
    return loader_of(str(config_directory()))


@pytest.fixture(scope="session")
def main(loader: Any) -> DictConfig:
    """What Hydra composes of a command line without overrides."""
    return main_config(loader)


@pytest.fixture(scope="session")
def compose(loader: Any, main: DictConfig) -> Composer:
    """Composes the jobs of a sweep; files are read once in the session."""
    return Composer(loader, main)
