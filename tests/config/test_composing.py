from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from altitude.composition.source import ConfigSource
from altitude.config.composing import compose_config, variants


def test_a_config_that_fits_has_no_problems() -> None:
    config, problems = compose_config(["loop=tape", "loop.epochs=3", "dataset=digits"])
    assert problems == []
    assert config.loop._target_ == "altitude.loops.Tape"
    assert config.loop.epochs == 3


def test_what_fits_is_composed_without_what_does_not() -> None:
    config, problems = compose_config(["loop=tape", "modle=cnn", "loop.epochs=3", "sed=1"])
    assert [problem.key for problem in problems] == ["modle", "sed"]
    assert config.loop._target_ == "altitude.loops.Tape"
    assert config.loop.epochs == 3


def test_a_choice_brings_its_keys_wherever_it_is_written() -> None:
    config, problems = compose_config(["dataset.path=a.npz", "sed=1", "dataset=npz"])
    assert [problem.key for problem in problems] == ["sed"]
    assert config.dataset.path == "a.npz"


def test_a_misspelt_choice_leaves_the_default() -> None:
    config, problems = compose_config(["model=mpl"])
    assert [problem.key for problem in problems] == ["model"]
    assert config.model._target_ == "altitude.models.Mlp"


@pytest.mark.parametrize("override", ["model=null", "model=3"])
def test_a_choice_that_is_no_name(override: str) -> None:
    _, problems = compose_config([override])
    assert [problem.key for problem in problems] == ["model"]


def test_another_primary_config_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("defaults: [config, _self_]\nseed: 5\n")
    config, problems = compose_config([], ConfigSource(tmp_path, "mine"))
    assert problems == []
    assert config.seed == 5


def test_composing_leaves_hydra_as_it_was() -> None:
    compose_config(["modle=cnn"])
    assert not GlobalHydra.instance().is_initialized()


def test_without_a_sweep_there_is_one_variant() -> None:
    assert list(variants(["seed=1", "loop=tape"])) == [["seed=1", "loop=tape"]]


def test_every_value_of_each_sweep_occurs_in_a_variant() -> None:
    found = list(variants(["seed=1,2,3", "loop=tape", "loop.clip_norm=0.5,1.0"]))
    assert found == [
        ["seed=1", "loop=tape", "loop.clip_norm=0.5"],
        ["seed=2", "loop=tape", "loop.clip_norm=0.5"],
        ["seed=3", "loop=tape", "loop.clip_norm=0.5"],
        ["seed=1", "loop=tape", "loop.clip_norm=1.0"],
    ]


@pytest.mark.parametrize("override", ["seed=choice(1,2)", "seed=range(1,3)"])
def test_sweeps_that_are_functions(override: str) -> None:
    assert list(variants([override])) == [["seed=1"], ["seed=2"]]


def test_the_ends_of_an_interval_are_tried() -> None:
    assert list(variants(["optimizer.learning_rate=tag(log, interval(0.1, 1))"])) == [
        ["optimizer.learning_rate=0.1"],
        ["optimizer.learning_rate=1.0"],
    ]


def test_what_cannot_be_read_stays_as_it_is() -> None:
    assert list(variants(["seed", "seed=[1"])) == [["seed", "seed=[1"]]
