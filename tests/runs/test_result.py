import math
from pathlib import Path

from altitude import RunResult
from tests.conftest import ExperimentFactory


def test_the_history_is_a_data_frame_with_a_row_for_each_epoch(tmp_path: Path) -> None:
    result = RunResult(
        metrics={"best_epoch": 1.0},
        metrics_by_epoch={"loss": [0.5, 0.25], "val_loss": [math.nan, 0.75]},
        model_path=tmp_path / "best.keras",
        output_dir=tmp_path,
    )
    assert result.history.index.tolist() == [1, 2]
    assert result.history.index.name == "epoch"
    assert result.history["loss"].tolist() == [0.5, 0.25]
    assert result.history["val_loss"].isna().tolist() == [True, False]
    assert result.history is result.history


def test_the_best_model_is_loaded_once(small_experiment: ExperimentFactory) -> None:
    from altitude import run

    result = run(small_experiment())
    assert result.model.count_params() > 0
    assert result.model is result.model
    assert result.history["loss"].tolist() == result.metrics_by_epoch["loss"]
