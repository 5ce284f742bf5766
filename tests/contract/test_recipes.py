"""Every recipe trains at every altitude that it claims, to the same weights bit for bit."""

import math

import numpy as np
import pytest
from rich.console import Console

from altitude import RunResult, compose, run
from altitude.composition.directory import config_directory

ALL = ("fit", "train_step", "tape")
STEPS = ("train_step", "tape")
ALTITUDES = {
    "fashion_fit": ("fit",),
    "fashion_train_step": ("train_step",),
    "fashion_tape": ("tape",),
    "clipped": STEPS,
    "mixup": ALL,
    "auxiliary_loss": STEPS,
    "accumulate": STEPS,
    "multi_loss": STEPS,
    "label_smoothing": ALL,
    "ema": ALL,
    "own_metrics": STEPS,
    "sample_weight": ALL,
    "class_weight": ALL,
    "own_evaluation": STEPS,
    "gan": STEPS,
    "custom_loop": STEPS,
    "backbone_head": ALL,
    "freeze_then_finetune": ALL,
    "dropout_softmax": ALL,
}
"""The altitudes at which each recipe runs."""

ELSEWHERE = {"reinforce", "lr_patience_clip", "lr_patience_clip_search"}
"""A recipe with a loop of its own, and two that are sweeps: they have tests of their own."""

SHORT = {
    "gan": ["model.filters=4", "dataset.validation_size=100", "dataset.limit=200"],
    "freeze_then_finetune": ["callbacks.freeze.epochs=1"],
}
"""What makes a recipe short where the usual does not."""

ADDED = {
    "clipped": {"grad_norm"},
    "auxiliary_loss": {"main_loss", "auxiliary_loss", "val_auxiliary_loss"},
    "multi_loss": {"label_loss", "image_loss", "label_weight", "image_weight", "val_image_loss"},
    "sample_weight": {"weighted_accuracy", "val_weighted_accuracy"},
    "class_weight": {"weighted_accuracy"},
    "own_metrics": {"loss", "accuracy", "val_loss", "val_accuracy"},
    "own_evaluation": {"val_agreement", "val_accuracy"},
    "gan": {"d_loss", "g_loss", "val_d_loss", "learning_rate/generator"},
    "custom_loop": {"regularization_loss", "val_regularization_loss"},
    "backbone_head": {"learning_rate/backbone", "learning_rate/head"},
}
"""Metrics that a recipe is there to show."""


def trained(recipe: str, loop: str) -> RunResult:
    """Two short epochs; the first alone would not show what is carried over."""
    overrides = [
        f"experiment={recipe}",
        f"loop={loop}",
        "tracking=none",
        "loop.epochs=2",
        "loop.steps_per_execution=3",
        "dataset.limit=500",
        "dataset.batch_size=64",
        *SHORT.get(recipe, []),
    ]
    experiment = compose(overrides)
    return run(experiment, console=Console(quiet=True))


def weights_of(result: RunResult) -> list[np.ndarray]:
    import keras

    weights: list[np.ndarray] = keras.models.load_model(result.model_path).get_weights()
    return weights


def test_every_recipe_is_here() -> None:
    recipes = {file.stem for file in (config_directory() / "experiment").glob("*.yaml")}
    assert recipes - ELSEWHERE == set(ALTITUDES)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ALTITUDES)
def test_a_recipe_trains_alike_at_its_altitudes(recipe: str) -> None:
    first, *others = (trained(recipe, loop) for loop in ALTITUDES[recipe])
    assert all(
        math.isfinite(value) for values in first.metrics_by_epoch.values() for value in values
    )
    assert ADDED.get(recipe, set()) <= set(first.metrics_by_epoch)
    assert set(first.traces.values()) <= {1, 2}
    for other in others:
        for expected, found in zip(weights_of(first), weights_of(other), strict=True):
            np.testing.assert_array_equal(found, expected)
        assert other.metrics == first.metrics
