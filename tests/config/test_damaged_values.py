"""Whatever value stands in a config, reading it finds clean problems and raises nothing."""

import random
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from altitude.config.composing import compose_config
from altitude.config.reading import read_experiment, read_sweep
from altitude.errors import Problem
from tests.config.damage import damaged

RECIPES = (
    ("dataset=digits",),
    ("dataset=digits", "loop=tape", "experiment=mixup"),
    ("experiment=backbone_head", "sweep=optuna"),
    ("experiment=gan",),
    ("experiment=reinforce", "strategy=mirrored", "tracking=none"),
)


def require_clean_problems(count: int, folder: Path) -> None:
    """Reads so many damaged configs of each recipe; the folder stays empty."""
    for recipe in RECIPES:
        config, invalid_overrides = compose_config(recipe)
        assert invalid_overrides == []
        settings: Any = OmegaConf.to_container(config)
        chance = random.Random(str(recipe))
        for _ in range(count):
            key, value, copy = damaged(settings, chance)
            print(recipe, key, repr(value))  # shown where reading raises
            found = _problems(copy, folder)
            assert all(isinstance(problem, Problem) and str(problem) for problem in found)
    assert list(folder.iterdir()) == []


def _problems(settings: dict[str, Any], folder: Path) -> list[Problem]:
    config = OmegaConf.create(settings)
    _, problems = read_experiment(config, folder, [])
    return problems + read_sweep(config)[1]


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_some_damaged_values(in_folder: Path) -> None:
    require_clean_problems(40, in_folder)


@pytest.mark.slow
def test_many_damaged_values(in_folder: Path) -> None:
    require_clean_problems(600, in_folder)
