import random
from collections.abc import Sequence
from typing import Any

import pytest

from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.plan.space import read_spaces
from tests.sweeps.conftest import main_config

REFERENCE = (
    "loop=train_step",
    "optimizer.learning_rate=3e-4,1e-3,3e-3",
    "callbacks.early_stopping.patience=2,3,5",
    "loop.clip_norm=0.5,1.0,5.0",
)


def jobs(overrides: Sequence[str], compose: Composer) -> list[Job]:
    (space,) = read_spaces(overrides, compose)
    return compose_jobs(list(space.grid()), space.keys, compose)


def identity(compose: Composer, *overrides: str) -> str:
    (job,) = jobs(overrides, compose)
    return job.identity


def test_jobs_are_numbered_and_named_by_what_was_swept(compose: Composer) -> None:
    found = jobs(["loop=train_step", "optimizer.learning_rate=1e-3", *REFERENCE[2:]], compose)
    assert [job.number for job in found] == list(range(9))
    assert found[1].name == "patience=2 clip_norm=1.0"
    assert found[1].swept == {"patience": 2, "clip_norm": 1.0}
    assert found[1].config.callbacks.early_stopping.patience == 2
    assert found[1].config.loop.clip_norm == 1.0
    assert found[1].overrides[:2] == ("loop=train_step", "optimizer.learning_rate=1e-3")


def test_a_swept_group_is_named_by_its_option(compose: Composer) -> None:
    found = jobs(["loop=fit,tape", "~callbacks.tensorboard", "dataset.limit=null,10"], compose)
    assert [job.name for job in found] == [
        "loop=fit limit=null",
        "loop=fit limit=10",
        "loop=tape limit=null",
        "loop=tape limit=10",
    ]


def test_swept_recipes_are_named(compose: Composer) -> None:
    spaces = read_spaces(["experiment=clipped,mixup"], compose)
    found = [
        job.name
        for space in spaces
        for job in compose_jobs(list(space.grid()), ["experiment"], compose)
    ]
    assert found == ["experiment=clipped", "experiment=mixup"]


def test_a_recipe_and_what_it_stands_for_are_the_same_jobs(loader: Any) -> None:
    found = []
    for overrides in (["experiment=lr_patience_clip"], REFERENCE):
        compose = Composer(loader, main_config(loader, *overrides))
        (space,) = read_spaces(overrides, compose)
        grid = list(space.grid())
        assert len(grid) == 27
        found.append(compose_jobs(grid[::13], space.keys, compose))
    recipe, typed = found
    assert [job.identity for job in recipe] == [job.identity for job in typed]
    assert [job.name for job in recipe] == [job.name for job in typed]
    assert len({job.identity for job in typed}) == 3
    assert typed[1].name == "learning_rate=0.001 patience=3 clip_norm=1.0"


@pytest.mark.parametrize(
    "override",
    [
        "output_dir=elsewhere",
        "dataset.data_dir=/data",
        "tracking=none",
        "tracking.uri=http://localhost:5000",
        "tracking.run_name=mine",
        "sweep.retries=3",
        "sweep.objective=best_val_loss",
        "seed=42",
        "optimizer.learning_rate=0.001",
    ],
)
def test_what_does_not_change_a_result_does_not_change_the_identity(
    override: str, compose: Composer
) -> None:
    assert identity(compose, override) == identity(compose)


@pytest.mark.parametrize(
    "override",
    [
        "seed=43",
        "optimizer.learning_rate=0.0011",
        "optimizer=sgd",
        "loop=tape",
        "dataset.limit=100",
        "callbacks.early_stopping.patience=9",
        "~callbacks.tensorboard",
        "objective.class_weight={0: 2.0}",
        "+model.own=1",
    ],
)
def test_what_changes_a_result_changes_the_identity(override: str, compose: Composer) -> None:
    assert identity(compose, override) != identity(compose)


def test_where_a_sweep_lies_is_no_part_of_a_job(loader: Any, compose: Composer) -> None:
    other = Composer(loader, main_config(loader, "hydra.sweep.dir=there", "hydra.job.name=x"))
    assert identity(other, "seed=1") == identity(compose, "seed=1")


def test_the_order_of_overrides_does_not_matter(compose: Composer) -> None:
    overrides = ["loop=tape", "seed=3", "loop.clip_norm=1.0", "+mine={a: 1}", "dataset.limit=10"]
    expected = identity(compose, *overrides)
    random.Random(0).shuffle(overrides)
    assert identity(compose, *overrides) == expected


def test_a_path_that_is_swept_counts(compose: Composer) -> None:
    found = jobs(["dataset.data_dir=/a,/b", "tracking.run_name=x"], compose)
    assert found[0].identity != found[1].identity
    assert [job.name for job in found] == ["data_dir=/a", "data_dir=/b"]


def test_numbers_as_keys_have_an_identity(compose: Composer) -> None:
    weighted = "objective.class_weight={0: 2.0, 1: 3.0}"
    assert identity(compose, weighted) != identity(compose, weighted.replace("3.0", "4.0"))


def test_interpolations_of_hydras_own_node_are_resolved(compose: Composer) -> None:
    name = "+callbacks.log={_target_: keras.callbacks.CSVLogger, filename: '${hydra:job.name}.csv'}"
    assert identity(compose, name) == identity(
        compose, name.replace("${hydra:job.name}", "altitude")
    )
