import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from altitude.composition.source import ConfigSource
from altitude.config.command_line import command_problems, read_command_line
from altitude.config.composing import compose_config
from altitude.errors import Problem


def keys(*overrides: str, multirun: bool = False, config_dir: Path | None = None) -> set[str]:
    problems = command_problems(overrides, ConfigSource(config_dir), multirun=multirun)
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

    monkeypatch.setattr("altitude.config.jobs.compose_config", counted)
    many = ",".join(str(seed) for seed in range(100))
    assert keys(f"seed={many}", "loop=fit,tape", multirun=True) == set()
    assert [list(overrides) for overrides in composed] == [
        ["seed=0", "loop=fit"],
        ["seed=0", "loop=tape"],
    ]


@pytest.mark.slow
def test_values_of_a_sweep_that_do_not_compose_are_told_with_all_others() -> None:
    assert keys("model=mpl,mlp", "loop.epochs=1,0", multirun=True) == {"model", "loop.epochs"}


def test_a_sweep_without_its_flag_is_one_problem() -> None:
    (problem,) = command_problems(["seed=1,2"], multirun=False)
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


def only_problem(*overrides: str, multirun: bool = False) -> Problem:
    (problem,) = command_problems(overrides, multirun=multirun)
    return problem


MEANT = {
    "batch=32": "`dataset.batch_size`",
    "clip=1.0": "optimizer.global_clipnorm=1.0",
    "epochs=3": "`loop.epochs`",
    "learning_rate=1e-3": "`optimizer.learning_rate`",
    "lr=1e-3": "`optimizer.learning_rate`",
    "optimizer.lr=1e-3": "`optimizer.learning_rate`",
    "patience=3": "`callbacks.early_stopping.patience` or `callbacks.reduce_lr_on_plateau",
    "callbacks.early_stopping.monitor=val_acc": "callbacks.early_stopping.monitor=val_accuracy",
}


@pytest.mark.parametrize(("override", "instead"), MEANT.items())
def test_what_people_type_is_understood(override: str, instead: str) -> None:
    assert instead in only_problem(override).instead


@pytest.mark.parametrize("override", ["+lr=1e-3", "++lr=1e-3", "+defaults=[a]", "+model@net=mlp"])
def test_a_key_that_nothing_reads_is_a_problem_however_it_is_added(override: str) -> None:
    assert only_problem(override).given == "an unknown key"


def test_a_sweep_over_a_key_that_nothing_reads_is_a_problem() -> None:
    problem = only_problem("+lr=1e-3,1e-4", multirun=True)
    assert problem.instead == "did you mean `optimizer.learning_rate`?"


def test_a_key_that_an_interpolation_reads_is_none() -> None:
    assert keys("+lr=1e-4", "optimizer.learning_rate=${lr}") == set()
    assert keys("+lr=1e-4", "hydra.run.dir=outputs/${lr}") == set()


def test_settings_in_a_file_that_lacks_its_first_line_are_read_by_nothing(tmp_path: Path) -> None:
    recipe = tmp_path / "experiment" / "own.yaml"
    recipe.parent.mkdir()
    recipe.write_text("loop: {epochs: 3}\n")
    (problem,) = command_problems(["experiment=own"], ConfigSource(tmp_path), multirun=False)
    assert problem.key == "experiment"
    assert problem.instead == "# @package _global_, as the first line of its file"


@pytest.mark.parametrize("typed", ["lr=1e-3,1e-4", "+lr=1e-3,1e-4", "optimizer.lr=1e-3,1e-4"])
def test_what_is_proposed_is_the_whole_command(typed: str, tmp_path: Path) -> None:
    overrides = ["dataset=digits", typed]
    (problem,) = command_problems(overrides, ConfigSource(tmp_path), multirun=False)
    program, flag, folder, *arguments = shlex.split(problem.instead)
    assert (program, flag, Path(folder).resolve()) == ("altitude", "--config-dir", tmp_path)
    assert arguments == ["-m", "dataset=digits", "optimizer.learning_rate=1e-3,1e-4"]


def test_what_fails_in_turn_is_not_proposed() -> None:
    problem = only_problem("optimizer.learning_rat=-1")
    assert problem.instead == ""
    values = {p.key: p.instead for p in command_problems(["seed=1,-2"], multirun=False)}
    assert values == {"seed": ""}


@pytest.mark.parametrize("group", ["callbacks", "tracking"])
def test_a_group_that_is_taken_away_names_its_alternative(group: str) -> None:
    assert only_problem(f"~{group}").instead == f"{group}=none"


@pytest.mark.parametrize("key", ["dataset", "loop", "model", "optimizer", "seed", "sweep"])
def test_what_every_experiment_has_cannot_be_taken_away(key: str) -> None:
    assert only_problem(f"~{key}").key == key


def test_the_folder_of_a_run_is_hydras() -> None:
    assert only_problem("output_dir=5").instead == "hydra.run.dir=5"


def test_an_objective_that_there_is_not_is_a_problem_of_a_single_run_too() -> None:
    assert "best_val_accuracy" in only_problem("sweep.objective=nope").expected


def test_an_unknown_launcher_lists_those_that_there_are() -> None:
    launchers = only_problem("hydra/launcher=nope").expected.removeprefix("one of ").split(", ")
    assert {"basic", "local"} <= set(launchers)
    assert launchers == sorted(launchers)


@pytest.mark.parametrize(
    ("key", "override", "multirun"),
    [
        ("hydra.mode", "hydra.mode=${hydra:job.num}", False),
        ("hydra.sweeper.params", "hydra.sweeper.params=1e30", True),
        ("hydra.sweeper.params", "hydra.sweeper.params=${nowhere}", True),
    ],
)
def test_settings_of_hydra_that_it_does_not_check(key: str, override: str, multirun: bool) -> None:
    assert keys(override, multirun=multirun) == {key}


def test_a_run_needs_no_sweeper() -> None:
    assert keys("hydra.sweeper=null") == set()


def test_an_experiment_is_known_by_the_overrides_that_are_its_own(tmp_path: Path) -> None:
    read = read_command_line(["dataset=digits", f"hydra.run.dir={tmp_path}/run"], multirun=False)
    assert not read.problems
    assert read.experiment is not None
    assert read.experiment.overrides == ("dataset=digits",)
    assert read.experiment.output_dir == tmp_path / "run"


def test_settings_may_refer_to_hydras_own() -> None:
    tag = "+tracking.tags.from=${hydra:runtime.cwd}"
    read = read_command_line(["dataset=digits", tag], multirun=False)
    assert not read.problems
    assert read.experiment is not None
    assert read.experiment.settings()["tracking"]["tags"] == {"from": str(Path.cwd())}
