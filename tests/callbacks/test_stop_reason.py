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


def test_a_pruned_job() -> None:
    from altitude.callbacks.pruning import Pruning
    from altitude.callbacks.stop_reason import stop_reason

    pruning = Pruning(monitor="val_loss", study="s", storage="", trial=0, pruner=None)
    pruning.stopped = True
    assert "pruned: val_loss" in stop_reason({"pruning": pruning}, 1, 9)
