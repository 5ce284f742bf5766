"""What each recipe's step is for."""

from typing import Any

import keras
import numpy as np
import pytest

from altitude import ConfigError, Experiment, RunResult, compose, run
from altitude.data import Digits, Mixup

QUICK = [
    "dataset=digits",
    "tracking=none",
    "loop.epochs=4",
    "++callbacks.tensorboard=null",
    "++callbacks.reduce_lr_on_plateau=null",
]


def recipe(name: str, *overrides: str) -> Experiment:
    return compose([f"experiment={name}", *QUICK, *overrides])


def result_of(name: str, *overrides: str) -> RunResult:
    return run(recipe(name, *overrides))


@pytest.mark.slow
def test_clipped_shows_a_norm_that_starts_above_the_bound_and_falls() -> None:
    norms = result_of("clipped", "optimizer.learning_rate=1e-2").metrics_by_epoch["grad_norm"]
    assert norms[0] > 1.0
    assert norms[-1] < norms[0]


@pytest.mark.slow
def test_the_auxiliary_loss_is_reported_apart_and_added_with_its_weight() -> None:
    history = result_of("auxiliary_loss", "loop.step.weight=0.5").metrics_by_epoch
    expected = np.add(history["main_loss"], np.multiply(0.5, history["auxiliary_loss"]))
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)
    unpenalised = result_of("auxiliary_loss", "loop.step.weight=1e-9").metrics_by_epoch
    assert history["auxiliary_loss"][-1] < 0.9 * unpenalised["auxiliary_loss"][-1]


def test_a_layer_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"hidden_9[\s\S]*hidden_1, hidden_2, output"):
        run(recipe("auxiliary_loss", "loop.step.layer=hidden_9"))


@pytest.mark.slow
def test_the_learnt_weights_of_the_losses_move_and_are_not_in_the_saved_model() -> None:
    result = result_of("multi_loss")
    weights = result.metrics_by_epoch["image_weight"]
    assert weights[-1] > weights[0] > 1.0
    saved = keras.models.load_model(result.model_path)
    assert len(saved.outputs) == 2
    assert not any("log_variances" in variable.path for variable in saved.variables)


@pytest.mark.slow
def test_metrics_of_the_steps_own_are_reset_every_epoch() -> None:
    history = result_of(
        "own_metrics", "loop.epochs=2", "optimizer.learning_rate=0.0001"
    ).metrics_by_epoch
    plain = run(
        compose(["loop=train_step", *QUICK, "loop.epochs=2", "optimizer.learning_rate=1e-4"])
    )
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(history[name], plain.metrics_by_epoch[name], rtol=1e-4)


@pytest.mark.slow
def test_an_evaluation_of_the_steps_own_makes_validation_and_test_metrics() -> None:
    result = result_of("own_evaluation")
    assert 0.0 < result.metrics["test_agreement"] < 1.0
    assert "agreement" not in result.metrics_by_epoch
    assert "val_agreement" in result.metrics_by_epoch
    plain = run(compose(["loop=train_step", *QUICK]))
    assert result.metrics_by_epoch["loss"] == plain.metrics_by_epoch["loss"]
    assert result.metrics_by_epoch["val_loss"] != plain.metrics_by_epoch["val_loss"]


@pytest.mark.slow
def test_the_loop_from_scratch_agrees_with_keras_and_shows_the_penalty() -> None:
    history = result_of("custom_loop", "model.l2=0.01").metrics_by_epoch
    plain = run(compose(["loop=fit", *QUICK, "model.l2=0.01"])).metrics_by_epoch
    np.testing.assert_allclose(history["loss"], plain["loss"], rtol=1e-4)
    np.testing.assert_allclose(history["val_loss"], plain["val_loss"], rtol=1e-4)
    assert all(penalty > 0 for penalty in history["regularization_loss"])


def test_the_loop_from_scratch_names_variables_without_gradient(
    small_experiment: Any,
) -> None:
    from altitude import Objective
    from altitude.loops import Tape
    from altitude.steps import FromScratch
    from tests.steps.unused import model_with_unused_layer

    loop = Tape(epochs=1, step=FromScratch())
    objective = Objective(loss=None, metrics={})
    with pytest.warns(UserWarning, match="no gradient reaches unused/"):
        run(small_experiment(loop=loop, objective=objective, model=model_with_unused_layer))


def test_a_step_that_owns_its_objective_wants_no_other() -> None:
    with pytest.raises(ConfigError, match="objective=none"):
        compose(["experiment=own_metrics", "objective=sparse_categorical"])


@pytest.mark.slow
def test_a_plateau_cuts_both_optimizers_of_the_gan_and_its_generator_is_kept() -> None:
    plateau = "{_target_: keras.callbacks.ReduceLROnPlateau, monitor: val_d_loss, mode: min, "
    result = result_of(
        "gan",
        "model.filters=4",
        f"+callbacks.plateau={plateau.replace(': ', ':')}patience:0,min_delta:100,factor:0.5}}",
    )
    for group in ("discriminator", "generator"):
        rates = result.metrics_by_epoch[f"learning_rate/{group}"]
        np.testing.assert_allclose(rates, [3e-4, 3e-4, 1.5e-4, 7.5e-5], rtol=1e-5)
    generator = keras.models.load_model(result.model_path)
    assert generator.input_shape == (None, 128)
    assert generator.output_shape == (None, 8, 8, 1)
    drawn = sorted(p.name for p in (result.output_dir / "artifacts" / "samples").iterdir())
    assert drawn == ["epoch_001.png"]


@pytest.mark.slow
def test_a_frozen_backbone_rests_and_is_then_fine_tuned_in_one_history() -> None:
    kept: dict[int, list[Any]] = {}

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            kept[epoch] = self.model.get_layer("backbone").get_weights()

    for loop in ("fit", "train_step", "tape"):
        experiment = recipe("freeze_then_finetune", f"loop={loop}", "callbacks.freeze.epochs=2")
        callbacks = {**experiment.callbacks, "keep": Keep}
        result = run(Experiment(**(vars(experiment) | {"callbacks": callbacks})))
        np.testing.assert_array_equal(kept[0][0], kept[1][0])
        assert not np.array_equal(kept[1][0], kept[2][0])
        rates = result.metrics_by_epoch["learning_rate"]
        np.testing.assert_allclose(rates, [1e-3, 1e-3, 3e-4, 3e-4], rtol=1e-5)
        assert result.traces["train_step"] == 2


@pytest.mark.slow
def test_each_group_of_layers_learns_at_its_own_rate() -> None:
    slow = "optimizer.groups.backbone.optimizer.learning_rate=1e-30"
    result = result_of("backbone_head", slow)
    assert result.metrics_by_epoch["learning_rate/head"] == pytest.approx([1e-3] * 4)
    assert result.metrics_by_epoch["learning_rate/backbone"] == pytest.approx([1e-30] * 4)
    assert result.metrics_by_epoch["loss"][-1] < result.metrics_by_epoch["loss"][0]


def test_a_layer_in_no_group_is_named() -> None:
    with pytest.raises(ConfigError, match="head/kernel is in none of backbone, head"):
        run(recipe("backbone_head", "optimizer.groups.head.layers=[haed]"))


@pytest.mark.slow
def test_mixup_makes_soft_labels_says_so_and_leaves_validation_alone(capsys: Any) -> None:
    experiment = recipe("mixup")
    result = run(experiment)
    assert "labels are soft here" in capsys.readouterr().out
    assert result.metrics["best_val_accuracy"] > 0.5
    dataset = Digits(transforms={"mixup": Mixup(alpha=1.0)}, validation_size=250)
    mixed, plain = dataset.build(0, None), Digits(validation_size=250).build(0, None)
    x, y = next(iter(mixed.train))
    assert y.shape[1] == 10
    np.testing.assert_allclose(np.sum(y, axis=1), 1.0, rtol=1e-5)
    assert np.max(y, axis=1).min() < 0.9
    assert not np.array_equal(x, next(iter(plain.train))[0])
    assert mixed.validation is not None
    assert plain.validation is not None
    for (x, y), (expected_x, expected_y) in zip(mixed.validation, plain.validation, strict=True):
        np.testing.assert_array_equal(x, expected_x)
        np.testing.assert_array_equal(np.argmax(y, axis=1), expected_y)


def test_mixup_depends_on_seed_epoch_and_step_alone() -> None:
    dataset = Digits(transforms={"mixup": Mixup()})

    def epoch(seed: int, number: int) -> list[Any]:
        pipelines = dataset.build(seed, None)
        pipelines.epoch.assign(number)
        return [np.asarray(x) for x, _ in pipelines.train]

    first, again = epoch(0, 3), epoch(0, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], epoch(1, 3)[0])
    assert not np.array_equal(first[0], epoch(0, 4)[0])
