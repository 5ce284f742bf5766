from pathlib import Path
from typing import Any

import pytest

from altitude import RunResult
from altitude.runs.closing import closing_table

MODEL = Path("/a/very/long/path") / ("deep/" * 40) / "best.keras"


def rows(**changes: Any) -> dict[str, str]:
    settings: dict[str, Any] = {
        "metrics": {
            "best_epoch": 2.0,
            "best_val_loss": 0.5,
            "best_val_accuracy": 0.75,
            "test_loss": 0.625,
            "test_accuracy": 0.5,
        },
        "metrics_by_epoch": {
            "epoch_seconds": [1.0] * 4,
            "learning_rate": [0.5, 0.5, 0.25, 0.125],
        },
        "model_path": MODEL,
        "output_dir": MODEL.parent,
    }
    lines = closing_table(RunResult(**settings | changes)).splitlines()
    return {line[:20].strip(): line[20:] for line in lines}


def test_a_run_that_is_not_tracked() -> None:
    assert rows() == {
        "best epoch": "2 of 4",
        "validation": "loss 0.5000  accuracy 0.7500",
        "test": "loss 0.6250  accuracy 0.5000",
        "time": "1.0 s an epoch, 4.0 s in all",
        "learning-rate cuts": "epoch 3, epoch 4",
        "model": str(MODEL),
        "use it": f'keras.models.load_model("{MODEL}")',
        "run": "not tracked",
    }


def test_a_tracked_run() -> None:
    table = rows(run_id="0123abcd", how_to_open="mlflow ui")
    assert (table["run"], table["open"]) == ("0123abcd", "mlflow ui")


def test_a_run_without_cuts() -> None:
    assert "learning-rate cuts" not in rows(metrics_by_epoch={"learning_rate": [0.5, 0.5]})


def test_why_training_stopped() -> None:
    reason = "val_loss did not improve for 5 epochs (callbacks.early_stopping.patience)"
    assert rows(stop_reason=reason)["stopped"] == reason


def test_numbers_stand_below_each_other() -> None:
    metrics = {"best_epoch": 1.0, "best_val_loss": 12.5, "test_mae": 3.0, "test_loss": 0.5}
    table = rows(metrics=metrics)
    assert table["validation"] == "loss 12.5000"
    assert table["test"] == "loss  0.5000  mae 3.0000"


def test_a_run_without_validation() -> None:
    assert "validation" not in rows(metrics={"best_epoch": 1.0, "test_loss": 0.5})


@pytest.mark.parametrize(("size", "shown"), [(100_000_000, None), (1_234_000_000, "1,234 MB")])
def test_a_large_resume_point_is_shown_with_its_size(
    size: int, shown: str | None, tmp_path: Path
) -> None:
    (tmp_path / "resume").mkdir()
    with (tmp_path / "resume" / "point.npz").open("wb") as file:
        file.truncate(size)  # takes no room
    line = rows(output_dir=tmp_path).get("resume point")
    assert line == (shown and f"{shown}, kept for loop.keep_checkpoint")
