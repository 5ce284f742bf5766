import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from altitude import RunResult, compose
from altitude.records.find import find_run
from altitude.records.rerun import changes_since, first_difference
from tests.finished_runs import SMALL, Finished

RESULT = RunResult(
    metrics={"best_epoch": 2.0, "test_loss": 0.5},
    metrics_by_epoch={"loss": [0.7, 0.6], "val_loss": [math.nan, 0.5], "epoch_seconds": [1.0, 2.0]},
    model_path=Path("best.keras"),
    output_dir=Path(),
)


def changed(**fields: Any) -> RunResult:
    return dataclasses.replace(RESULT, **fields)


def test_equal_results_do_not_differ() -> None:
    slower = {**RESULT.metrics_by_epoch, "epoch_seconds": [5.0, 5.0]}
    assert first_difference(RESULT, changed(metrics_by_epoch=slower)) == ""


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (
            {"metrics_by_epoch": {"loss": [0.7, 0.5], "val_loss": [math.nan, 0.4]}},
            "from epoch 2 on: loss 0.6 there, 0.5 here",
        ),
        (
            {"metrics_by_epoch": {"loss": [0.7], "val_loss": [math.nan]}},
            "from epoch 2 on: loss 0.6 there, nothing here",
        ),
        (
            {"metrics": {"best_epoch": 2.0, "test_loss": 0.4}},
            "in what it ended with: test_loss 0.5 there, 0.4 here",
        ),
    ],
)
def test_the_first_difference_is_named(other: dict[str, Any], expected: str) -> None:
    assert first_difference(RESULT, changed(**other)) == expected


def test_what_is_not_as_it_was(finished: Finished) -> None:
    record = find_run(str(finished.run))
    assert changes_since(record, compose([*SMALL])) == []
    known = [str(change) for change in changes_since(record, compose([*SMALL, "seed=7"]))]
    assert known == ["seed: 42 then, 7 now"]
