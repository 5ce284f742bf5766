from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from altitude.composition.directory import config_directory
from altitude.composition.source import ConfigSource
from altitude.config.composing import compose_config
from altitude.config.reading import read_experiment
from altitude.internals.hydra import OF_VERSION
from altitude.sweeps.report.best_experiment import LEFT_OUT, experiment_file


def job_config(*overrides: str) -> tuple[DictConfig, dict[str, str | None]]:
    """What a job of a sweep has: its config, and the choices that Hydra notes down."""
    with initialize_config_dir(str(config_directory()), **OF_VERSION):
        config = compose("config", list(overrides), return_hydra_config=True)
    return config, dict(config.hydra.runtime.choices)


def written(*overrides: str) -> str:
    return experiment_file(*job_config(*overrides), header="From a sweep.")


def composed_again(text: str, folder: Path) -> DictConfig:
    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / "best.yaml").write_text(text)
    config, problems = compose_config(["experiment=best"], ConfigSource(folder))
    assert problems == []
    return config


def resolved(config: DictConfig) -> dict[str, Any]:
    own = config.copy()
    with open_dict(own):
        own.output_dir = "/runs/1"
        own.pop("hydra", None)
    settings: Any = OmegaConf.to_container(own, resolve=True)
    callbacks = settings.get("callbacks") or {}
    settings["callbacks"] = {name: node for name, node in callbacks.items() if node is not None}
    return {key: value for key, value in settings.items() if key not in LEFT_OUT}


TOP3 = "{_target_: keras.metrics.SparseTopKCategoricalAccuracy, k: 3}"
SCHEDULE = "{_target_: keras.optimizers.schedules.CosineDecay, initial_learning_rate: 0.1}"

NOTE = "{name: '1e-3', nothing: null, path: '${output_dir}/x'}"

JOBS = {
    "short": ["experiment=clipped", "optimizer.learning_rate=1e-5", "seed=7", f"+_mine={NOTE}"],
    "callbacks": [
        "model.hidden_units=[64,32]",
        "optimizer.use_ema=1",
        "~callbacks.tensorboard",
        "callbacks.reduce_lr_on_plateau=null",
        "+callbacks.nan={_target_: mine.Stop}",
    ],
    "deletions": ["~callbacks", "~objective.loss.from_logits", "~dataset.batch_size"],
    "schedule": [
        "callbacks=[default,none]",
        "optimizer=sgd",
        f"optimizer.learning_rate={SCHEDULE}",
    ],
    "replaced": [
        "~callbacks.early_stopping",
        "+callbacks.early_stopping={_target_: mine.Other}",
        "~objective.metrics.accuracy",
        f"+objective.metrics.top3={TOP3}",
    ],
    "numbered": [
        "experiment=class_weight",
        "++objective.class_weight={6: 3, 0: 0.5}",
        "~callbacks.early_stopping.min_delta",
        "debug=quick",
    ],
    "gan": ["experiment=gan", "+model.switch='no'", "dataset=npz"],
}


@pytest.mark.parametrize("overrides", JOBS.values(), ids=JOBS.keys())
def test_the_recipe_composes_to_the_config_of_the_job(
    overrides: Sequence[str], tmp_path: Path
) -> None:
    config, choices = job_config(*overrides)
    again = composed_again(experiment_file(config, choices, "From a sweep."), tmp_path)
    if "dataset=npz" in overrides:
        config.dataset.path = again.dataset.path = "a.npz"
    before, after = resolved(config), resolved(again)
    assert repr(after.pop("callbacks")) == repr(before.pop("callbacks"))  # in the same order
    assert {k: repr(v) for k, v in after.items()} == {k: repr(v) for k, v in before.items()}


def test_the_recipe_is_read_as_the_same_experiment(tmp_path: Path) -> None:
    overrides = ["experiment=clipped", "~callbacks.tensorboard", "objective.class_weight={0: 2.0}"]
    config, choices = job_config(*overrides)
    text = experiment_file(config, choices, "Sweep 12.\n\nJob 3: patience=3")
    assert text.startswith("# @package _global_\n# Sweep 12.\n#\n# Job 3: patience=3\ndefaults:\n")
    again = composed_again(text, tmp_path)
    with open_dict(config):
        del config.hydra
    expected, problems = read_experiment(config, tmp_path, ())
    assert problems == []
    assert expected is not None
    assert read_experiment(again, tmp_path, ()) == (expected, [])


def test_the_recipe_says_only_what_is_not_the_default() -> None:
    overrides = ["experiment=clipped", "optimizer.learning_rate=3e-4", "~callbacks.tensorboard"]
    assert written(*overrides, "callbacks.early_stopping.patience=5").splitlines() == [
        "# @package _global_",
        "# From a sweep.",
        "defaults:",
        "- override /dataset: fashion_mnist",
        "- override /model: mlp",
        "- override /optimizer: adam",
        "- override /objective: sparse_categorical",
        "- override /loop: train_step",
        "- override /callbacks: default",
        "- override /strategy: one_device",
        "optimizer:",
        "  learning_rate: 0.0003",
        "loop:",
        "  clip_norm: 1.0",
        "callbacks:",
        "  tensorboard: null",
        "  early_stopping:",
        "    patience: 5",
    ]


def test_interpolations_are_kept_and_tracking_is_left_out() -> None:
    text = written("callbacks=none", "+callbacks.log.file='${output_dir}/log'", "tracking=none")
    assert yaml.safe_load(text)["callbacks"] == {"log": {"file": "${output_dir}/log"}}
    assert "tracking" not in text


def test_a_choice_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    option = tmp_path / "model" / "tiny.yaml"
    option.write_text("_target_: altitude.models.Mlp\nhidden_units: [2]\n")
    config, _ = compose_config(["model=tiny"], ConfigSource(tmp_path))
    choices = {"model": "tiny", "callbacks": "default"}
    text = experiment_file(config, choices, "", tmp_path)
    assert {"override /model": "tiny"} in yaml.safe_load(text)["defaults"]
    assert "model" not in yaml.safe_load(text)
    unknown = experiment_file(config, choices, "")  # without the folder it is written in full
    assert {"override /model": None} in yaml.safe_load(unknown)["defaults"]
    option.unlink()
    assert resolved(composed_again(unknown, tmp_path)) == resolved(config)
