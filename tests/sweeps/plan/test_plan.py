from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from altitude.config import reading
from altitude.errors import ConfigError
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.plan import Plan, jobs_of, once, plan_sweep
from altitude.sweeps.run.job_config_store import JobConfigStore
from altitude.sweeps.search.proposals import Proposal


def plan(compose: Composer, *overrides: str) -> Plan:
    fixed = [override for override in overrides if "," not in override and "glob(" not in override]
    return plan_sweep(compose(fixed), overrides, compose, reading)


def refused(compose: Composer, *overrides: str) -> dict[str, Any]:
    with pytest.raises(ConfigError) as caught:
        plan(compose, *overrides)
    return {problem.key: problem for problem in caught.value.problems}


def test_a_plan_has_every_job_and_an_example(compose: Composer) -> None:
    found = plan(compose, "loop=train_step", "seed=1,2", "loop.clip_norm=0.5,1.0")
    assert [job.name for job in found.jobs] == [
        "seed=1 clip_norm=0.5",
        "seed=1 clip_norm=1.0",
        "seed=2 clip_norm=0.5",
        "seed=2 clip_norm=1.0",
    ]
    assert found.keys == ["seed", "loop.clip_norm"]
    assert (found.experiment.seed, found.experiment.loop.name) == (1, "train_step")


def test_all_bad_jobs_are_told_together_with_their_names(compose: Composer) -> None:
    rates = "optimizer.learning_rate=1e-3,-1"
    problems = refused(compose, rates, "loop.epochs=1,0", "model.dropout=2")
    assert set(problems) == {"optimizer.learning_rate", "loop.epochs", "model.dropout"}
    given = problems["optimizer.learning_rate"].given
    assert "2 jobs: 2 (learning_rate=-1 epochs=1), 3 (learning_rate=-1 epochs=0)" in given
    assert "job" not in problems["model.dropout"].given  # all have it


def test_of_many_bad_jobs_some_are_named(compose: Composer) -> None:
    problems = refused(compose, "model.dropout=0.1,2", "seed=1,2,3,4")
    assert problems["model.dropout"].given.endswith("6 (dropout=2 seed=3) and 1 more")


def test_what_is_wrong_between_two_groups_is_found_in_the_jobs_that_have_both(
    compose: Composer,
) -> None:
    problems = refused(compose, "model=mlp,mlp_softmax")
    assert problems["objective.loss.from_logits"].given == "true, in job 1 (model=mlp_softmax)"


def test_equal_jobs_are_done_once(compose: Composer) -> None:
    found = plan(compose, "optimizer.learning_rate=1e-3,0.001,1e-2")
    assert [job.number for job in found.jobs] == [0, 2]


@pytest.mark.parametrize("objective", ["best_val_acuracy", "f1"])
def test_an_objective_that_jobs_will_not_have(objective: str, compose: Composer) -> None:
    problems = refused(compose, f"sweep.objective={objective}", "seed=1,2")
    problem = problems["sweep.objective"]
    assert (problem.given, problem.expected.count("best_val_accuracy")) == (objective, 1)
    assert problem.instead == "sweep.objective=best_val_accuracy sweep.direction=maximize"


def test_an_objective_that_some_jobs_will_not_have(compose: Composer) -> None:
    problems = refused(compose, "dataset.validation_size=0,5000", "callbacks=none")
    assert problems["sweep.objective"].given.endswith("in job 0 (validation_size=0)")


def test_the_wrong_direction_is_refused(compose: Composer) -> None:
    wrong = ("sweep.objective=best_val_loss", "sweep.direction=maximize")
    problem = refused(compose, *wrong, "seed=1,2")["sweep.direction"]
    assert (problem.given, problem.instead) == ("maximize", "sweep.direction=minimize")


@pytest.mark.parametrize(
    ("overrides", "goal"),
    [
        ((), ("best_val_accuracy", "maximize")),
        (("sweep.objective=best_val_loss",), ("best_val_loss", "minimize")),
        (("objective=regression",), ("best_val_mae", "minimize")),
        (("objective.monitor=val_loss",), ("best_val_loss", "minimize")),
        (("sweep.objective=best_epoch", "sweep.direction=minimize"), ("best_epoch", "minimize")),
        (("sweep=optuna", "sweep.objective=epoch_seconds"), ("epoch_seconds", "minimize")),
    ],
)
def test_a_sweep_follows_the_objective_of_its_jobs(
    overrides: tuple[str, ...], goal: tuple[str, str], compose: Composer
) -> None:
    (found,) = plan(compose, *overrides, "seed=1,2").sweep.goals
    assert (found.metric, found.direction) == goal


def test_a_direction_that_nothing_tells_is_asked_for(compose: Composer) -> None:
    problem = refused(compose, "sweep.objective=best_epoch", "seed=1,2")["sweep.direction"]
    assert "best_epoch" in problem.expected
    assert problem.instead == "sweep.direction=maximize"


def test_a_grid_has_an_end(compose: Composer) -> None:
    problems = refused(compose, "optimizer.learning_rate=interval(1e-4,1e-2)")
    assert "sweep=optuna" in problems["optimizer.learning_rate"].instead


def test_a_sweep_is_known_by_its_jobs(compose: Composer) -> None:
    expected = plan(compose, "seed=1,2", "loop=tape").identity
    assert plan(compose, "loop=tape", "seed=2,1", "sweep.retries=3").identity == expected
    assert plan(compose, "loop=tape", "seed=1,2,3").identity != expected


def test_proposals_become_jobs_with_the_callbacks_that_they_need(compose: Composer) -> None:
    node = {"_target_": "mine.Prune", "trial": 7}
    proposals = [
        Proposal(number=7, overrides=("seed=1",), callbacks={"pruning": node}),
        Proposal(number=8, overrides=("seed=1",)),
    ]
    first, second = jobs_of(proposals, plan(compose, "seed=1,2"), compose)
    assert (first.number, dict(first.callbacks)) == (7, {"pruning": node})
    assert (second.number, dict(second.callbacks)) == (8, {})
    assert once([first, second]) == [first]  # the same, but for how it is watched


def test_frozen_configs_are_found_by_the_overrides_of_the_job(
    compose: Composer, tmp_path: Path
) -> None:
    jobs = plan(compose, "seed=1,2").jobs
    store = JobConfigStore(tmp_path / "sweep" / "configs")
    for job in jobs:
        store.save(job, {"run_name": job.name, "tags": {"a": "b"}, "watched": True}, attempt=2)
    found = [store.load_sweep_config(DictConfig({}), list(job.overrides)) for job in jobs]
    assert [config.seed for config in found] == [1, 2]
    assert [config.tracking.run_name for config in found] == ["seed=1", "seed=2"]
    assert found[1].tracking.tags == {"a": "b"}
    assert found[1].hydra.sweep.dir == str(tmp_path / "sweep")
    assert found[1].hydra.sweep.subdir == "1-2"
    assert jobs[1].config.tracking.run_name is None


def frozen_subdirs(compose: Composer, tmp_path: Path, *overrides: str) -> list[str]:
    """`hydra.sweep.subdir` of each job, and that of a second attempt of the first."""
    jobs = plan(compose, *overrides).jobs
    store = JobConfigStore(tmp_path / "sweep" / "configs")
    found = []
    for job, attempt in [*((job, 1) for job in jobs), (jobs[0], 2)]:
        store.save(job, {}, attempt)
        config = store.load_sweep_config(DictConfig({}), list(job.overrides))
        assert (config.hydra.job.num, config.hydra.job.id) == (
            job.number,
            f"altitude_{job.number}",
        )
        found.append(config.hydra.sweep.subdir)
    return found


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("${hydra:job.num}", ["0", "1", "0-2"]),
        ("job_${hydra.job.num}", ["job_0", "job_1", "job_0-2"]),
        ("${hydra:job.override_dirname}", ["seed=1", "seed=2", "seed=1-2"]),
        ("${model.activation}/${seed}", ["relu/1", "relu/2", "relu/1-2"]),
        ("same", ["same", "same-1", "same-2"]),
    ],
)
def test_each_job_has_the_folder_that_was_asked_for(
    subdir: str, expected: list[str], compose: Composer, tmp_path: Path
) -> None:
    typed = [f"hydra.sweep.subdir='{subdir}'", "seed=1,2"]
    assert frozen_subdirs(compose, tmp_path, *typed) == expected


def test_a_glob_stands_for_the_options_of_a_group(compose: Composer) -> None:
    names = [job.name for job in plan(compose, "model=glob([c*,m*],exclude=*_softmax)").jobs]
    assert names == ["model=cnn", "model=mlp"]


def test_a_glob_that_nothing_matches_lists_the_options(compose: Composer) -> None:
    with pytest.raises(ConfigError, match=r"matches one of .*cnn.*mlp"):
        plan(compose, "model=glob(z*)")


def test_a_test_score_is_never_proposed_to_choose_by(compose: Composer) -> None:
    problems = refused(compose, "dataset.validation_size=0", "callbacks=none", "seed=1,2")
    instead = problems["sweep.objective"].instead
    assert instead == "sweep.objective=accuracy sweep.direction=maximize"
