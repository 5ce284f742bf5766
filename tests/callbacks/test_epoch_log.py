import math
from typing import Any

import keras
import pytest

from altitude import LazyCall, run
from altitude.callbacks.epoch_log import EpochLog
from altitude.loops import Tape
from tests.conftest import ExperimentFactory


def test_the_rate_is_the_one_that_the_epoch_was_trained_with(
    small_experiment: ExperimentFactory,
) -> None:
    schedule = {
        "_target_": "keras.optimizers.schedules.ExponentialDecay",
        "initial_learning_rate": 0.1,
        "decay_steps": 5,  # batches, and so one epoch
        "decay_rate": 0.5,
    }
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": schedule})
    result = run(small_experiment(loop=Tape(epochs=3), optimizer=optimizer))
    assert result.metrics_by_epoch["learning_rate"] == pytest.approx([0.1, 0.05, 0.025])
    assert result.learning_rate_cuts == [2, 3]


def test_the_time_of_each_epoch_is_there(small_experiment: ExperimentFactory) -> None:
    result = run(small_experiment(loop=Tape(epochs=3)))
    assert len(result.metrics_by_epoch["epoch_seconds"]) == 3
    assert min(result.metrics_by_epoch["epoch_seconds"]) > 0


def test_an_epoch_that_does_not_report_a_metric_has_nan() -> None:
    recorded: list[dict[str, float]] = []
    log = EpochLog(lambda metrics, _epoch: recorded.append(metrics))
    log.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    log.model.compile("sgd", "mse")
    reports: list[dict[str, Any]] = [{"a": 1.0}, {"a": 2.0, "b": 3.0}, {"b": 4.0}]
    for epoch, logs in enumerate(reports):
        log.on_epoch_begin(epoch)
        log.on_epoch_end(epoch, logs)
    assert log.history["a"] == pytest.approx([1.0, 2.0, math.nan], nan_ok=True)
    assert log.history["b"] == pytest.approx([math.nan, 3.0, 4.0], nan_ok=True)
    assert "b" not in recorded[0]


def test_a_training_that_begins_elsewhere_records_what_it_has_not_recorded() -> None:
    recorded: list[tuple[int, dict[str, float]]] = []
    log = EpochLog(lambda metrics, epoch: recorded.append((epoch, metrics)))
    log.on_train_begin()
    history = {"loss": [2.0, 1.0], "late": [math.nan, 3.0], "epoch_seconds": [0.1, 0.1]}
    log.set_state({"history": history, "learning_rates": {}, "seconds": 0.0})
    log.on_train_begin()
    log.on_train_begin()  # as after a rollback
    assert recorded == [
        (1, {"loss": 2.0, "epoch_seconds": 0.1}),
        (2, {"loss": 1.0, "late": 3.0, "epoch_seconds": 0.1}),
    ]
