from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from altitude.checks.command import command_problems
from altitude.checks.composition import compose_config


def keys(*overrides: str, multirun: bool = False, config_dir: Path | None = None) -> set[str]:
    problems = command_problems(overrides, config_dir, "config", multirun=multirun)
    return {problem.key for problem in problems}


def test_nothing_is_wrong_with_the_defaults() -> None:
    assert keys() == set()


def test_all_problems_of_a_run_are_told_at_once() -> None:
    found = keys("model=mpl", "optimizer.learning_rat=1", "loop.epochs=0", "sweep.retries=-1")
    assert found == {"model", "optimizer.learning_rat", "loop.epochs", "sweep.retries"}


def test_values_of_a_sweep_that_compose_are_left_to_its_plan() -> None:
    assert keys("loop=train_step", "loop.clip_norm=-1,1", multirun=True) == set()


def test_many_values_cost_no_more_than_two(monkeypatch: pytest.MonkeyPatch) -> None:
    composed: list[Sequence[str]] = []

    def counted(overrides: Sequence[str], *others: Any, **more: Any) -> Any:
        composed.append(overrides)
        return compose_config(overrides, *others, **more)

    monkeypatch.setattr("altitude.checks.command.compose_config", counted)
    many = ",".join(str(seed) for seed in range(100))
    assert keys(f"seed={many}", "loop=fit,tape", multirun=True) == set()
    assert [list(overrides) for overrides in composed] == [
        ["seed=0", "loop=fit"],
        ["seed=0", "loop=fit"],
        ["seed=0", "loop=tape"],
    ]


@pytest.mark.slow
def test_values_of_a_sweep_that_do_not_compose_are_told_with_all_others() -> None:
    assert keys("model=mpl,mlp", "loop.epochs=1,0", multirun=True) == {"model", "loop.epochs"}


def test_a_sweep_without_its_flag_is_one_problem() -> None:
    (problem,) = command_problems(["seed=1,2"], None, "config", multirun=False)
    assert "-m" in str(problem)


def test_a_recipe_that_is_a_sweep_needs_no_flag() -> None:
    assert keys("experiment=lr_patience_clip", "optimizer.learning_rate=1,2,-3") == set()


@pytest.mark.slow
def test_the_space_that_a_recipe_brings_is_checked(tmp_path: Path) -> None:
    recipe = tmp_path / "experiment" / "own.yaml"
    recipe.parent.mkdir()
    recipe.write_text(
        "# @package _global_\nhydra: {mode: MULTIRUN, sweeper: {params: {model.wdith: '1,2'}}}\n"
    )
    assert keys("experiment=own", config_dir=tmp_path) == {"model.wdith"}
