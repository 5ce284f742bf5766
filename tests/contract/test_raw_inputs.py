"""The saved model takes the data as they are stored, and computes what the one in training does."""

from typing import Any

import keras
import numpy as np
import pytest

from altitude import run
from altitude.data import Digits
from altitude.loops import Fit, TrainStep
from altitude.models import BackboneHead, Cnn, Mlp
from tests.conftest import ExperimentFactory

DIGITS = Digits(limit=200, batch_size=64)


def outputs_in_training() -> tuple[dict[str, Any], list[Any]]:
    """A callback that keeps what the model puts out for the test data at the end of training."""
    kept: list[Any] = []

    class Keep(keras.callbacks.Callback):
        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
            kept.append(self.model.predict(DIGITS.build(0, None).test.map(lambda x, _: x)))

    return {"keep": Keep}, kept


@pytest.mark.parametrize(
    "model",
    [
        Mlp(hidden_units=(8,), dropout=0.1),
        pytest.param(Cnn(filters=(2,), hidden_units=4), marks=pytest.mark.slow),
        pytest.param(BackboneHead(hidden_units=(8,)), marks=pytest.mark.slow),
    ],
)
def test_outputs_are_equal_bit_for_bit(small_experiment: ExperimentFactory, model: Any) -> None:
    callbacks, kept = outputs_in_training()
    loop = Fit(epochs=2)
    result = run(small_experiment(dataset=DIGITS, model=model, loop=loop, callbacks=callbacks))
    test = DIGITS.load().test
    assert (str(test.x.dtype), int(test.x.max())) == ("uint8", 16)
    saved = keras.models.load_model(result.model_path)
    for dtype in (np.uint8, np.float64):
        predicted = saved.predict(test.x.astype(dtype), batch_size=64, verbose=0)
        np.testing.assert_array_equal(predicted, kept[0])
    scores = saved.evaluate(test.x, test.y, verbose=0, return_dict=True)
    assert scores["accuracy"] == pytest.approx(result.metrics["test_accuracy"])
    assert result.model_input == "inputs as they are stored, uint8 (8, 8)"


def test_training_goes_on_with_the_saved_optimizer(small_experiment: ExperimentFactory) -> None:
    result = run(small_experiment(loop=Fit(epochs=1, precision="mixed_float16")))
    saved = keras.models.load_model(result.model_path)
    assert saved.optimizer.iterations.numpy() > 0
    train = DIGITS.load().train
    before = result.metrics_by_epoch["loss"][0]
    assert saved.fit(train.x, train.y, verbose=0).history["loss"][0] < before


@pytest.mark.slow
def test_an_earlier_file_gives_its_backbone(small_experiment: ExperimentFactory) -> None:
    first = run(small_experiment(model=BackboneHead(hidden_units=(8,)), loop=Fit(epochs=1)))
    folder = first.output_dir.parent / "second"
    model = BackboneHead(hidden_units=(8,), weights=first.model_path)
    second = run(small_experiment(model=model, loop=Fit(epochs=1), output_dir=folder))
    assert second.metrics_by_epoch["loss"][0] < first.metrics_by_epoch["loss"][0]


@pytest.mark.slow
def test_inputs_that_are_not_scaled_need_no_layer(small_experiment: ExperimentFactory) -> None:
    dataset = Digits(limit=200, divisor=1.0)
    result = run(small_experiment(dataset=dataset, loop=TrainStep(epochs=1)))
    names = [layer.name for layer in keras.models.load_model(result.model_path).layers]
    assert "scaling" not in names
    assert result.model_input == "inputs as they are stored, uint8 (8, 8)"
