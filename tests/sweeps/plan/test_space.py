from collections.abc import Sequence
from typing import Any

import pytest
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from altitude.sweeps.plan.space import Compose, Space, read_spaces, short_names, value_at

REFERENCE = {
    "optimizer.learning_rate": "3e-4,1e-3,3e-3",
    "callbacks.early_stopping.patience": "2,3,5",
    "loop.clip_norm": "0.5,1.0,5.0",
}


def bringing(**params: dict[str, Any]) -> Compose:
    """Composes configs in which recipes bring the given spaces."""

    def compose(overrides: Sequence[str]) -> DictConfig:
        recipes = [o.partition("=")[2] for o in overrides if o.startswith("experiment=")]
        found = params[recipes[0]] if recipes else {}
        return OmegaConf.create({"hydra": {"sweeper": {"params": found}}})

    return compose


def space(*overrides: str) -> Space:
    (found,) = read_spaces(overrides, bringing())
    return found


def test_fixed_and_swept_are_told_apart() -> None:
    found = space("loop=tape", "seed=1,2", "~callbacks.tensorboard", "optimizer.learning_rate=0.1")
    assert found.fixed == ("loop=tape", "~callbacks.tensorboard", "optimizer.learning_rate=0.1")
    assert found.keys == ("seed",)
    assert found.text == "seed=1,2"


def test_a_grid_is_every_combination_and_the_last_parameter_changes_fastest() -> None:
    assert list(space("loop=tape", "seed=1,2", "a.b=x,y").grid()) == [
        ("loop=tape", "seed=1", "a.b=x"),
        ("loop=tape", "seed=1", "a.b=y"),
        ("loop=tape", "seed=2", "a.b=x"),
        ("loop=tape", "seed=2", "a.b=y"),
    ]


def test_without_anything_swept_there_is_one_combination() -> None:
    assert list(space("seed=1").grid()) == [("seed=1",)]
    assert list(space("seed=1").samples()) == [("seed=1",)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=choice(1,2)", ["a=1", "a=2"]),
        ("a=range(1,4)", ["a=1", "a=2", "a=3"]),
        ("a=[1,2],[3]", ["a=[1,2]", "a=[3]"]),
        ("a={x:1},null", ["a={x:1}", "a=null"]),
        ("+a=1,2", ["+a=1", "+a=2"]),
        ("++a=1,2", ["++a=1", "++a=2"]),
        ("a='b,c',d", ["a='b,c'", "a=d"]),
        ("a=sort(3,1,2)", ["a=1", "a=2", "a=3"]),
    ],
)
def test_all_ways_to_write_values(text: str, values: list[str]) -> None:
    assert [combination[0] for combination in space(text).grid()] == values


def test_samples_hold_every_value_and_the_ends_of_intervals() -> None:
    found = space("seed=1,2,3", "rate=interval(0.1,0.9)", "loop=tape")
    assert list(found.samples()) == [
        ("loop=tape", "seed=1", "rate=0.1"),
        ("loop=tape", "seed=2", "rate=0.1"),
        ("loop=tape", "seed=3", "rate=0.1"),
        ("loop=tape", "seed=1", "rate=0.9"),
    ]


def test_a_recipe_brings_its_space() -> None:
    (found,) = read_spaces(["experiment=reference"], bringing(reference=REFERENCE))
    assert found.fixed == ("experiment=reference",)
    assert found.keys == tuple(REFERENCE)
    assert len(list(found.grid())) == 27


@pytest.mark.parametrize("prefix", ["", "+", "++"])
def test_what_is_typed_takes_the_place_of_what_a_recipe_brings(prefix: str) -> None:
    typed = ["experiment=reference", f"{prefix}loop.clip_norm=2.0", "optimizer.learning_rate=1,2"]
    (found,) = read_spaces(typed, bringing(reference=REFERENCE))
    assert set(found.keys) == {"optimizer.learning_rate", "callbacks.early_stopping.patience"}
    assert f"{prefix}loop.clip_norm=2.0" in found.fixed
    assert len(list(found.grid())) == 6


def test_taking_a_key_away_and_adding_it_again_are_two_things() -> None:
    assert space("~callbacks.a", "+callbacks.a={b: 1}").fixed == (
        "~callbacks.a",
        "+callbacks.a={b: 1}",
    )


def test_each_recipe_of_several_keeps_its_own_space_and_is_told_by_name() -> None:
    compose = bringing(a={"x": "1,2"}, b={"y": "3,4,5"})
    first, second = read_spaces(["seed=7", "experiment=a,b"], compose)
    assert [len(list(found.grid())) for found in (first, second)] == [2, 3]
    assert first.keys == ("experiment", "x")
    assert second.keys == ("experiment", "y")
    assert next(iter(first.grid())) == ("seed=7", "experiment=a", "x=1")


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(HydraException):
        space("seed=[1")


def test_names_are_as_short_as_they_can_be_and_no_shorter() -> None:
    assert short_names(["optimizer.learning_rate", "seed", "a.x.patience", "b.x.patience"]) == {
        "optimizer.learning_rate": "learning_rate",
        "seed": "seed",
        "a.x.patience": "a.x.patience",
        "b.x.patience": "b.x.patience",
    }
    assert short_names(["a.b.rate", "a.c.rate", "rate"]) == {
        "a.b.rate": "b.rate",
        "a.c.rate": "c.rate",
        "rate": "rate",
    }


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("rate", "1e-3", 0.001),
        ("units", "[64,32]", [64, 32]),
        ("loop", "tape", "tape"),
        ("nothing", "null", None),
        ("absent", "null", None),
        ("experiment", "clipped", "clipped"),
        ("twice", "${rate}", 0.001),
    ],
)
def test_what_a_swept_key_came_to(key: str, text: str, expected: object) -> None:
    config = OmegaConf.create(
        {
            "rate": 1e-3,
            "units": [64, 32],
            "loop": {"epochs": 3},
            "nothing": None,
            "twice": "${rate}",
        }
    )
    assert value_at(config, key, text) == expected


def test_only_repeats_are_called_seed_and_fold() -> None:
    assert short_names(["dataset.fold", "model.fold", "model.seed", "seed"]) == {
        "dataset.fold": "fold",
        "model.fold": "model.fold",
        "model.seed": "model.seed",
        "seed": "seed",
    }
    assert short_names(["model.fold"]) == {"model.fold": "model.fold"}
