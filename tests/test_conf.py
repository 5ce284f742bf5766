"""Every shipped option composes; those that decide about training train for an epoch."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from altitude import ConfigError, compose, run
from altitude.composition.directory import config_directory
from altitude.config.composing import compose_config
from altitude.data import FashionMnist
from altitude.experiment.model_checks import check_signatures
from altitude.loops import Fit, Loop, Tape, TrainStep
from altitude.models import Mlp
from altitude.tracking import Untracked
from tests.data.images import write_digits

TRAINED = ("dataset", "model", "optimizer", "objective", "loop", "debug")
QUICK = ("tracking=none", "++callbacks.tensorboard=null", "loop.epochs=1", "dataset.limit=128")
NUMBERS = ("dataset=npz", "dataset.path=numbers.npz", "dataset.validation_size=32")
PLAYED = {"dataset=cartpole", "loop=reinforce"}
"""Options that are trained on episodes, in the tests of that loop."""

STEP = "loop.step._target_=altitude.steps."
GAN = ("objective=none", "callbacks=none", "loop=train_step", f"{STEP}Gan")
REINFORCE = ("dataset=cartpole", "loop=reinforce", "objective=none", "callbacks=none")
COMPANIONS: dict[str, tuple[str, ...]] = {
    "dataset=image_folder": ("dataset.path=photos", "model=cnn"),
    "dataset=npz": NUMBERS[1:],
    "model=gan": ("optimizer=gan", "model.filters=4", *GAN),
    "model=label_and_image": ("objective=none", "loop=tape", f"{STEP}UncertaintyWeighting"),
    "model=mlp_softmax": ("objective.loss.from_logits=false",),
    "dataset=cartpole": REINFORCE,
    "loop=reinforce": REINFORCE,
    "objective=none": ("loop=train_step", f"{STEP}OwnMetrics"),
    "optimizer=backbone_head": ("model=backbone_head",),
    "optimizer=gan": ("model=gan", "model.filters=4", *GAN),
    "objective=categorical": ("dataset.one_hot=true",),
    "strategy=multi_worker": ("loop=tape",),
    "objective=binary": NUMBERS,
    "objective=regression": NUMBERS,
}
"""What an option needs beside it."""

ONE_WORKER = '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'

INTERFACE = (
    "seed",
    "dataset.batch_size",
    "dataset.limit",
    "optimizer.learning_rate",
    "loop.epochs",
    "loop.clip_norm",
    "loop.steps_per_execution",
    "loop.jit_compile",
    "loop.run_eagerly",
    "callbacks.early_stopping.patience",
    "callbacks.reduce_lr_on_plateau.patience",
    "callbacks.model_checkpoint",
    "callbacks.tensorboard",
    "tracking.uri",
    "tracking.experiment_name",
    "tracking.run_name",
)
"""Keys that scripts rely on."""


def options(*groups: str) -> list[str]:
    files = config_directory().glob("*/*.yaml")
    names = [f"{file.parent.name}={file.stem}" for file in files]
    return sorted(name for name in names if not groups or name.startswith(groups))


def write_files(folder: Path, overrides: Sequence[str], option: str) -> None:
    """Writes the files that overrides name into the working folder."""
    if "dataset.path=numbers.npz" in overrides:
        write_numbers(folder, option)
    if "dataset.path=photos" in overrides:
        write_digits(folder / "photos", ("zero", "one"), each=40)


def write_numbers(folder: Path, option: str) -> None:
    """Writes numbers whose labels can be learnt, in the form that the option's loss reads."""
    x = np.random.default_rng(0).random((192, 4))
    y = {
        "dataset=npz": (x[:, 0] > 0.5).astype(np.int64),
        "objective=binary": (x[:, :1] > 0.5).astype(np.int64),
        "objective=regression": x[:, :1] + x[:, 1:2],
    }[option]
    path = folder / "numbers.npz"
    np.savez(path, x_train=x[:160], y_train=y[:160], x_test=x[160:], y_test=y[160:])


def with_companions(option: str) -> list[str]:
    companions = COMPANIONS.get(option, ())
    brings_data = option.startswith(("dataset", "experiment")) or "dataset=npz" in companions
    return [option, *(() if brings_data else ("dataset=digits",)), *companions]


def test_every_group_has_options() -> None:
    groups = {option.partition("=")[0] for option in options()}
    groups_of_runs = {*TRAINED, "callbacks", "experiment", "strategy", "tracking"}
    assert groups == {*groups_of_runs, "sweep"}


@pytest.mark.parametrize("option", options())
def test_every_option_composes_and_fits_the_classes_it_names(
    option: str, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", ONE_WORKER)
    overrides = with_companions(option)
    write_files(working_folder, overrides, option)
    check_signatures(compose(overrides))


@pytest.mark.slow
@pytest.mark.parametrize("option", sorted({*options(*TRAINED)} - PLAYED))
def test_every_option_trains(
    option: str, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALTITUDE_CACHE", str(working_folder / "cache"))
    overrides = [*with_companions(option), *QUICK]
    write_files(working_folder, overrides, option)
    result = run(compose(overrides), console=Console(quiet=True))
    assert result.best_epoch == 1
    tested = [value for name, value in result.metrics.items() if name.startswith("test_")]
    assert all(map(math.isfinite, tested))
    assert tested
    assert result.model_path.is_file()


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("dataset=npz", "dataset.path"),
        ("model=mlp_softmax", "objective.loss.from_logits"),
        ("objective=categorical", "objective.loss"),
        ("objective=binary", "objective.loss"),
    ],
)
def test_an_option_without_its_companion_says_so(option: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose([option])
    assert [problem.key for problem in caught.value.problems] == [key]


@pytest.mark.parametrize("overrides", [[], ["loop=train_step"], ["loop=tape", "tracking=none"]])
def test_the_keys_that_scripts_rely_on(overrides: list[str]) -> None:
    config, _ = compose_config(overrides)
    assert [key for key in INTERFACE if not has(config, key)] == []


def has(config: DictConfig, key: str) -> bool:
    parent, _, name = key.rpartition(".")
    return name in OmegaConf.select(config, parent) if parent else name in config


@pytest.mark.parametrize("option", options("dataset", "model", "loop", "sweep", "tracking"))
def test_an_option_names_every_setting_of_its_class(option: str) -> None:
    group, _, name = option.partition("=")
    node = OmegaConf.load(config_directory() / group / f"{name}.yaml")
    settings = {field.name for field in dataclasses.fields(get_class(node._target_))}
    assert set(node) == {"_target_", *settings}


@pytest.mark.parametrize("option", options("optimizer"))
def test_every_optimizer_has_what_keras_gives_all_of_them(option: str) -> None:
    config, _ = compose_config([option])
    if "groups" in config.optimizer:
        assert all("learning_rate" in group.optimizer for group in config.optimizer.groups.values())
        return
    shared = {"clipnorm", "global_clipnorm", "weight_decay", "use_ema"}
    assert {"learning_rate", "gradient_accumulation_steps", *shared} <= set(config.optimizer)


@pytest.mark.parametrize(
    ("recipe", "loop"),
    [("fashion_fit", Fit()), ("fashion_train_step", TrainStep()), ("fashion_tape", Tape())],
)
def test_the_recipes_differ_in_their_altitude_alone(recipe: str, loop: Loop) -> None:
    default, experiment = compose(), compose([f"experiment={recipe}"])
    assert experiment.loop == loop
    assert experiment.dataset == default.dataset
    assert experiment.model == default.model
    assert experiment.optimizer == default.optimizer


def test_debug_quick() -> None:
    experiment = compose(["debug=quick", "loop=tape"])
    assert experiment.loop == Tape(epochs=1, run_eagerly=False)
    assert isinstance(experiment.dataset, FashionMnist)
    assert experiment.dataset.limit == 512
    assert experiment.tracking == Untracked()


def test_debug_eager() -> None:
    assert compose(["debug=eager"]).loop.run_eagerly


def test_debug_overfit() -> None:
    experiment = compose(["model=mlp_softmax", "debug=overfit", "objective.loss.from_logits=false"])
    assert isinstance(experiment.model, Mlp)
    assert (experiment.model.dropout, experiment.model.l2) == (0.0, 0.0)
    assert isinstance(experiment.dataset, FashionMnist)
    assert experiment.dataset.limit == 512


def test_what_is_typed_wins_over_presets() -> None:
    assert compose(["debug=quick", "loop.epochs=3"]).loop.epochs == 3
    assert compose(["loop=tape", "experiment=fashion_fit"]).loop == Tape()
