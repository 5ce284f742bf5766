import math
from pathlib import Path

import altitude
from altitude.runs.result_file import RESULT, read_result
from tests.conftest import ExperimentFactory


def test_a_result_is_read_as_it_was_returned(small_experiment: ExperimentFactory) -> None:
    result = altitude.run(small_experiment())
    assert read_result(result.output_dir / RESULT) == result


def test_a_value_that_is_not_finite_is_kept(tmp_path: Path) -> None:
    from altitude.runs.result_file import write_result

    result = altitude.RunResult(
        metrics={"best_epoch": 1.0, "test_loss": math.inf},
        metrics_by_epoch={"loss": [math.nan]},
        model_path=tmp_path / "best.keras",
        output_dir=tmp_path,
    )
    again = read_result(write_result(result))
    assert again.metrics == result.metrics
    assert math.isnan(again.metrics_by_epoch["loss"][0])
