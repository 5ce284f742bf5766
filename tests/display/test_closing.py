from pathlib import Path
from typing import Any

from altitude import RunResult
from altitude.display.closing import closing_table

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
        "history": {"epoch_seconds": [1.0] * 4, "learning_rate": [0.5, 0.5, 0.25, 0.125]},
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
        "learning-rate cuts": "epoch 3, epoch 4",
        "model": str(MODEL),
        "run": "not tracked",
    }


def test_a_tracked_run() -> None:
    table = rows(run_id="0123abcd", how_to_open="mlflow ui")
    assert (table["run"], table["open"]) == ("0123abcd", "mlflow ui")


def test_a_run_without_cuts() -> None:
    assert rows(history={"learning_rate": [0.5, 0.5]})["learning-rate cuts"] == "none"


def test_a_run_without_validation() -> None:
    assert "validation" not in rows(metrics={"best_epoch": 1.0, "test_loss": 0.5})
