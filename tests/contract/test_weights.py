"""Sample and class weights do what they do in Keras' own `fit`."""

from typing import Any

import keras
import numpy as np
import pytest
from pydantic.dataclasses import dataclass

from altitude import LazyCall, Objective, run
from altitude.data import ArrayDataset, Digits, Examples, Splits
from altitude.loops import Fit, Tape, TrainStep
from tests.conftest import ExperimentFactory

pytestmark = pytest.mark.slow

COUNT = 200
CLASS_WEIGHT = {3: 5.0, 8: 0.0}
ACCURACY = "keras.metrics.SparseCategoricalAccuracy"


@dataclass(frozen=True, kw_only=True)
class Weighted(ArrayDataset):
    """Digits whose training and validation examples have random weights."""

    def load(self) -> Splits:
        splits = Digits().load()
        train = splits.train[: COUNT + 50]
        weights = np.random.default_rng(0).random(len(train.x)).astype(np.float32)
        return Splits(Examples(train.x, train.y, weights), splits.test)


def network(_spec: Any = None) -> keras.Model:
    keras.utils.set_random_seed(7)
    inputs = keras.Input((8, 8))
    return keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten()(inputs)))


def by_keras(**weights: Any) -> dict[str, Any]:
    """Three epochs of one batch each, whose order cannot matter, by arrays and Keras' `fit`."""
    splits = Weighted(validation_size=50).split()
    assert splits.validation is not None
    model = network()
    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy("weighted_accuracy")],
    )
    x, y = splits.train.x / np.float32(16), splits.train.y
    validation: tuple[Any, ...] = (splits.validation.x / np.float32(16), splits.validation.y)
    if "sample_weight" in weights:
        weights["sample_weight"] = splits.train.sample_weight
        validation = (*validation, splits.validation.sample_weight)
    history = model.fit(
        x, y, batch_size=COUNT, epochs=3, verbose=0, validation_data=validation, **weights
    )
    return dict(history.history)


def require_the_same(make: ExperimentFactory, loop: Any, expected: Any, **changes: Any) -> None:
    accuracy = LazyCall(ACCURACY, {"name": "weighted_accuracy"})
    weighted: dict[str, Any] = {"weighted_accuracy": accuracy}
    objective = Objective(weighted_metrics=weighted, **changes.pop("objective", {}))
    sgd = LazyCall("keras.optimizers.SGD", {"learning_rate": 0.1})
    found = run(
        make(loop=loop(epochs=3), model=network, optimizer=sgd, objective=objective, **changes)
    )
    for name, values in expected.items():
        np.testing.assert_allclose(found.metrics_by_epoch[name], values, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("loop", [Fit, TrainStep, Tape])
def test_sample_weights(small_experiment: ExperimentFactory, loop: Any) -> None:
    dataset = Weighted(batch_size=COUNT, validation_size=50, divisor=16.0)
    expected = by_keras(sample_weight=True)
    assert expected["weighted_accuracy"] != expected["accuracy"]
    require_the_same(small_experiment, loop, expected, dataset=dataset)


@pytest.mark.parametrize("loop", [Fit, TrainStep, Tape])
def test_class_weights(small_experiment: ExperimentFactory, loop: Any) -> None:
    dataset = Digits(limit=COUNT, batch_size=COUNT, validation_size=50)
    expected = {
        name: values
        for name, values in by_keras(class_weight=CLASS_WEIGHT).items()
        if not name.startswith("val_")
    }
    require_the_same(
        small_experiment, loop, expected, dataset=dataset, objective={"class_weight": CLASS_WEIGHT}
    )
