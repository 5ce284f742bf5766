import pytest

from altitude import Deferred, run
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
    optimizer = Deferred("keras.optimizers.SGD", {"learning_rate": schedule})
    result = run(small_experiment(loop=Tape(epochs=3), optimizer=optimizer))
    assert result.history["learning_rate"] == pytest.approx([0.1, 0.05, 0.025])
    assert result.learning_rate_cuts == [2, 3]


def test_the_time_of_each_epoch_is_there(small_experiment: ExperimentFactory) -> None:
    result = run(small_experiment(loop=Tape(epochs=3)))
    assert len(result.history["epoch_seconds"]) == 3
    assert min(result.history["epoch_seconds"]) > 0
