import dataclasses
from typing import Any

import keras
import pytest

from altitude import ConfigError, Experiment, LazyCall, Objective, Problem, compose
from altitude.data import DataSpec, LabelSpec
from altitude.experiment.model_checks import check_built, check_signatures

INTEGERS = DataSpec((4,), LabelSpec("integer", 3))
ONE_HOT = DataSpec((4,), LabelSpec("one_hot", 3))
BINARY = DataSpec((4,), LabelSpec("integer", 2))
COLUMN = DataSpec((4,), LabelSpec("column", 1))


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.layer = keras.layers.Dense(3, "softmax")

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs)


def dense(outputs: int, activation: str = "linear") -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(outputs, activation)(inputs))


def ending_in(layer: keras.layers.Layer) -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, layer(keras.layers.Dense(3)(inputs)))


def sparse(from_logits: bool = True) -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)


def problem_of(model: keras.Model, loss: object, spec: DataSpec) -> Problem:
    with pytest.raises(ConfigError) as caught:
        check_built(model, loss, spec)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("model", "loss", "spec"),
    [
        (dense(3), sparse(), INTEGERS),
        (dense(5), sparse(), INTEGERS),
        (dense(3, "softmax"), sparse(from_logits=False), INTEGERS),
        (dense(3), keras.losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
        (dense(1), keras.losses.BinaryCrossentropy(from_logits=True), COLUMN),
        (dense(1, "sigmoid"), keras.losses.BinaryCrossentropy(), COLUMN),
        (dense(1), keras.losses.MeanSquaredError(), COLUMN),
        (dense(3), keras.ops.mean, INTEGERS),
        (Subclassed(), sparse(from_logits=False), INTEGERS),
    ],
)
def test_what_fits_together(model: keras.Model, loss: object, spec: DataSpec) -> None:
    check_built(model, loss, spec)


@pytest.mark.parametrize(
    "model",
    [
        dense(3, "softmax"),
        ending_in(keras.layers.Softmax()),
        ending_in(keras.layers.Activation("softmax")),
    ],
)
def test_softmax_and_logits(model: keras.Model) -> None:
    problem = problem_of(model, sparse(), INTEGERS)
    assert (problem.key, problem.given) == ("objective.loss.from_logits", "true")
    assert problem.instead == "objective.loss.from_logits=false"


def test_logits_and_probabilities() -> None:
    problem = problem_of(dense(3), sparse(from_logits=False), INTEGERS)
    assert (problem.given, problem.instead) == ("false", "objective.loss.from_logits=true")


def test_more_classes_than_outputs() -> None:
    problem = problem_of(dense(2), sparse(), INTEGERS)
    assert (problem.key, problem.given) == ("model", "2 outputs")
    assert "the labels go up to 2" in problem.expected


def test_one_hot_labels_and_a_sparse_loss() -> None:
    assert problem_of(dense(3), sparse(), ONE_HOT).instead == "objective=categorical"


def test_integer_labels_and_a_categorical_loss() -> None:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert "dataset.one_hot=true" in problem_of(dense(3), loss, INTEGERS).instead


def test_binary_labels_that_would_be_broadcast() -> None:
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    problem = problem_of(dense(1), loss, BINARY)
    assert problem.given == "BinaryCrossentropy with labels (batch,)"
    assert "(batch, 1)" in problem.expected


def test_all_problems_of_the_built_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        check_built(dense(2, "softmax"), sparse(), INTEGERS)
    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["model", "objective.loss.from_logits"]


def test_the_default_signatures_fit() -> None:
    check_signatures(compose())


def test_every_signature_is_checked() -> None:
    wrong = {"nonsense": 1}
    experiment = Experiment(
        model=LazyCall("altitude.models.Mlp", wrong),
        optimizer=LazyCall("keras.optimizers.Adam", wrong),
        objective=Objective(
            loss=LazyCall("keras.losses.MeanSquaredError", wrong),
            metrics={"mae": LazyCall("keras.metrics.MeanAbsoluteError", wrong)},
            weighted_metrics={"auc": LazyCall("keras.metrics.AUC", wrong)},
        ),
        callbacks={"nan": LazyCall("keras.callbacks.TerminateOnNaN", wrong)},
    )
    with pytest.raises(ConfigError) as caught:
        check_signatures(experiment)
    assert {problem.key for problem in caught.value.problems} == {
        "model.nonsense",
        "optimizer.nonsense",
        "objective.loss.nonsense",
        "objective.metrics.mae.nonsense",
        "objective.weighted_metrics.auc.nonsense",
        "callbacks.nan.nonsense",
    }


def test_a_class_that_keras_does_not_have() -> None:
    experiment = dataclasses.replace(compose(), optimizer=LazyCall("keras.optimizers.Adamm"))
    with pytest.raises(ConfigError, match=r"optimizer\._target_"):
        check_signatures(experiment)


def test_functions_need_no_check() -> None:
    check_signatures(Experiment(optimizer=lambda: keras.optimizers.SGD(0.1)))
