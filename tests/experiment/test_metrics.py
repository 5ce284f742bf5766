from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from altitude import LazyCall, Objective
from altitude.data import Digits, Npz
from altitude.experiment.metrics import known_metrics, monitored_metrics_exist
from altitude.loops import Fit, Tape


def callback(name: str, **arguments: Any) -> LazyCall:
    return LazyCall(f"keras.callbacks.{name}", arguments)


@pytest.mark.parametrize(
    ("monitor", "dataset", "known"),
    [
        ("val_loss", Digits(), True),
        ("loss", Digits(validation_size=0), True),
        ("val_loss", Digits(validation_size=0), False),
        ("val_loss", Npz(path=Path("a.npz")), True),
        ("val_loss", None, True),
        ("val_acc", Digits(), False),
    ],
)
def test_monitors_exist(monitor: str, dataset: Digits | Npz | None, known: bool) -> None:
    callbacks = {"early_stopping": callback("EarlyStopping", monitor=monitor)}
    assert (monitored_metrics_exist(callbacks, Objective(), Fit(), dataset) == []) is known


@pytest.mark.parametrize(
    ("monitor", "problems"), [("grad_norm", 0), ("nonsense", 0), ("val_nonsense", 1)]
)
def test_a_loop_that_cannot_be_read_may_report_anything(monitor: str, problems: int) -> None:
    callbacks = {"early_stopping": callback("EarlyStopping", monitor=monitor)}
    assert len(monitored_metrics_exist(callbacks, Objective())) == problems


def test_callbacks_that_monitor_nothing() -> None:
    callbacks: dict[str, Callable[[], Any]] = {
        "tensorboard": callback("TensorBoard"),
        "own": unknown_callback,
    }
    assert monitored_metrics_exist(callbacks, Objective(), Fit()) == []


def unknown_callback() -> Any:
    raise NotImplementedError


def test_the_step_brings_metrics_for_training_only() -> None:
    known = known_metrics(Objective(), Tape(clip_norm=1.0), validated=True)
    assert known == ["loss", "accuracy", "grad_norm", "val_loss", "val_accuracy"]


def test_weighted_metrics_are_known() -> None:
    weighted = Objective(metrics={}, weighted_metrics={"auc": callback("AUC")})
    assert known_metrics(weighted, Fit(), validated=False) == ["loss", "auc"]
