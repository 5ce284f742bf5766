from typing import Any

import pytest

from altitude import LazyCall, run
from altitude.loops import Fit, Loop, Tape
from tests.conftest import ExperimentFactory


@pytest.mark.parametrize("cls", [Fit, Tape])
def test_early_stopping_is_named_with_its_patience(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    stopping = LazyCall(
        "keras.callbacks.EarlyStopping", {"monitor": "loss", "min_delta": 1e6, "patience": 1}
    )
    result = run(small_experiment(loop=cls(epochs=9), callbacks={"early_stopping": stopping}))
    expected = "loss did not improve for 1 epoch (callbacks.early_stopping.patience)"
    assert result.stop_reason == expected


def test_the_budget_and_other_callbacks() -> None:
    import keras

    from altitude.callbacks.stop_reason import stop_reason

    idle: dict[str, Any] = {"stopping": keras.callbacks.EarlyStopping()}
    assert stop_reason(idle, 3, 3) == "all 3 epochs trained (loop.epochs)"
    assert stop_reason(idle, 2, 3) == "a callback set model.stop_training"


def test_a_callback_that_says_why_it_stopped_the_training() -> None:
    import keras

    from altitude.callbacks.stop_reason import stop_reason

    callback = keras.callbacks.Callback()
    callback.stop_reason = "pruned"
    assert stop_reason({"pruning": callback}, 1, 9) == "pruned"
