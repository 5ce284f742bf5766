from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from altitude import LazyCall, Objective
from altitude.data import Digits, FashionMnist, Npz
from altitude.experiment.rules import (
    broken_rules,
    fold_is_one_of_them,
    labels_agree,
    logits_agree,
    one_learning_rate_controller,
    plateau_after_stopping,
    validation_leaves_training,
)
from altitude.loops import Fit
from altitude.models import Mlp

SPARSE = "SparseCategoricalCrossentropy"
CATEGORICAL = "CategoricalCrossentropy"


def objective(loss: str, **arguments: Any) -> Objective:
    return Objective(loss=LazyCall(f"keras.losses.{loss}", arguments))


def callback(name: str, **arguments: Any) -> LazyCall:
    return LazyCall(f"keras.callbacks.{name}", arguments)


def unknown_model(_: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("activation", "from_logits", "agree"),
    [
        ("linear", True, True),
        ("linear", False, False),
        ("softmax", True, False),
        ("softmax", False, True),
        ("sigmoid", True, False),
        ("sigmoid", False, True),
    ],
)
def test_logits_agree(activation: Any, from_logits: bool, agree: bool) -> None:
    model = Mlp(output_activation=activation)
    problems = logits_agree(model, objective(SPARSE, from_logits=from_logits))
    assert (problems == []) is agree


def test_keras_takes_outputs_for_probabilities_unless_told() -> None:
    (problem,) = logits_agree(Mlp(), objective(SPARSE))
    assert (problem.given, problem.instead) == ("false", "objective.loss.from_logits=true")


def test_nothing_is_said_of_models_that_say_nothing() -> None:
    assert logits_agree(unknown_model, objective(SPARSE)) == []


def test_nothing_is_said_of_losses_that_are_functions() -> None:
    assert logits_agree(Mlp(), Objective(loss=lambda: None)) == []
    assert labels_agree(Digits(one_hot=True), Objective(loss=lambda: None)) == []


@pytest.mark.parametrize(
    ("loss", "one_hot", "agree"),
    [
        (SPARSE, False, True),
        (SPARSE, True, False),
        (CATEGORICAL, True, True),
        (CATEGORICAL, False, False),
        ("BinaryCrossentropy", False, False),
    ],
)
def test_labels_agree(loss: str, one_hot: bool, agree: bool) -> None:
    assert (labels_agree(Digits(one_hot=one_hot), objective(loss)) == []) is agree


def test_nothing_is_said_of_labels_that_are_not_known() -> None:
    assert labels_agree(Npz(path=Path("a.npz")), objective(CATEGORICAL)) == []


def test_the_fold_is_one_of_the_folds() -> None:
    assert fold_is_one_of_them(Digits(fold=4)) == []
    assert fold_is_one_of_them(Digits()) == []
    (problem,) = fold_is_one_of_them(Digits(fold=5))
    assert (problem.key, problem.instead) == ("dataset.fold", "dataset.num_folds=6")
    assert validation_leaves_training(Digits(fold=0, validation_size=9999)) == []


@pytest.mark.parametrize(("size", "fits"), [(0, True), (1499, True), (1500, False), (9999, False)])
def test_validation_leaves_training(size: int, fits: bool) -> None:
    assert (validation_leaves_training(Digits(validation_size=size)) == []) is fits


def test_the_size_of_a_file_is_not_known() -> None:
    assert validation_leaves_training(Npz(path=Path("a.npz"), validation_size=9999)) == []


def unknown_callback() -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("name", ["reduce_lr_on_plateau", "mine"])
def test_one_hand_on_the_learning_rate(name: str) -> None:
    schedule = {"_target_": "keras.optimizers.schedules.CosineDecay"}
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": schedule})
    (problem,) = one_learning_rate_controller(optimizer, {name: callback("ReduceLROnPlateau")})
    assert problem.key == "optimizer.learning_rate"
    assert problem.given == "CosineDecay"
    assert problem.instead.startswith(f"~callbacks.{name}")


@pytest.mark.parametrize(
    ("learning_rate", "callbacks"),
    [
        (1e-3, {"reduce_lr_on_plateau": callback("ReduceLROnPlateau")}),
        ({"_target_": "keras.optimizers.schedules.CosineDecay"}, {}),
    ],
)
def test_either_hand_alone(learning_rate: Any, callbacks: Mapping[str, LazyCall]) -> None:
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": learning_rate})
    assert one_learning_rate_controller(optimizer, callbacks) == []


def test_every_rule_is_applied() -> None:
    parts = {
        "dataset": Digits(validation_size=1500, one_hot=True),
        "model": Mlp(output_activation="softmax"),
        "objective": Objective(),
        "loop": Fit(),
        "optimizer": LazyCall("keras.optimizers.SGD", {"learning_rate": {"_target_": "a.B"}}),
        "callbacks": {"plateau": callback("ReduceLROnPlateau", monitor="val_acc")},
    }
    assert [problem.key for problem in broken_rules(parts)] == [
        "objective.loss.from_logits",
        "objective.loss",
        "dataset.validation_size",
        "callbacks.plateau.monitor",
        "optimizer.learning_rate",
    ]


def test_rules_wait_for_groups_that_could_not_be_read() -> None:
    assert broken_rules({}) == []
    assert broken_rules({"model": Mlp(output_activation="softmax")}) == []
    keys = [problem.key for problem in broken_rules({"dataset": Digits(validation_size=1500)})]
    assert keys == ["dataset.validation_size"]


@pytest.mark.parametrize(("cut", "stop", "warned"), [(1, 3, False), (3, 3, True), (4, 3, True)])
def test_useless_plateau(cut: int, stop: int, warned: bool) -> None:
    callbacks: dict[str, Callable[[], Any]] = {
        "plateau": callback("ReduceLROnPlateau", patience=cut),
        "stopping": callback("EarlyStopping", patience=stop),
        "own": unknown_callback,
    }
    assert (plateau_after_stopping(callbacks) is not None) is warned


def test_a_plateau_without_early_stopping_is_useful() -> None:
    assert plateau_after_stopping({"plateau": callback("ReduceLROnPlateau", patience=9)}) is None


def test_model_and_data_of_fashion_mnist_agree() -> None:
    parts = {"dataset": FashionMnist(), "model": Mlp(), "objective": Objective(), "loop": Fit()}
    assert broken_rules(parts) == []
