import math
from typing import Any

import pytest

from altitude.sweeps.job_record import Goal, JobRecord, named, shown, swept_names, unreported

ACCURACY = Goal(metric="accuracy", direction="maximize")
LOSS = Goal(metric="loss", direction="minimize")


def record(number: int, status: Any = "FINISHED", **metrics: float) -> JobRecord:
    return JobRecord(number=number, name="", swept={}, status=status, metrics=metrics)


@pytest.mark.parametrize(
    ("goal", "expected"),
    [(ACCURACY, [math.inf, 0.9, 0.5, -math.inf]), (LOSS, [-math.inf, 0.5, 0.9, math.inf])],
)
def test_values_sort_from_best_to_worst_and_nan_is_last(goal: Goal, expected: list[float]) -> None:
    values = sorted([0.5, math.nan, math.inf, 0.9, -math.inf], key=goal.order)
    assert values[:4] == expected
    assert math.isnan(values[4])


def test_missing_is_as_bad_as_nan() -> None:
    assert ACCURACY.rank({}) == ACCURACY.rank({"accuracy": math.nan})
    assert ACCURACY.rank({"accuracy": -1e30}) < ACCURACY.rank({})


def test_the_best_is_the_first_of_equals_that_have_finished() -> None:
    records = [
        record(0, accuracy=math.nan),
        record(1, "FAILED", accuracy=0.99),
        record(2, accuracy=0.9),
        record(3, accuracy=0.9),
        record(4),
    ]
    best = ACCURACY.best(records)
    assert best is not None
    assert best.number == 2


def test_without_a_score_there_is_no_best() -> None:
    assert ACCURACY.best([record(0, accuracy=math.nan), record(1)]) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3e-4, "0.0003"),
        (1.0, "1.0"),
        (0.00123456789, "0.001235"),
        (1e-5, "1e-05"),
        (math.nan, "nan"),
        (128, "128"),
        (True, "true"),
        (None, "null"),
        ("relu", "relu"),
        ([64, 32], "[64, 32]"),
    ],
)
def test_values_are_shown_as_they_are_typed(value: object, text: str) -> None:
    assert shown(value) == text


def test_swept_values_in_words() -> None:
    assert named({"learning_rate": 1e-3, "clip_norm": None}) == "learning_rate=0.001 clip_norm=null"


def test_names_come_once_in_the_order_of_the_sweep() -> None:
    assert swept_names([{"b": 1, "a": 1}, {"a": 2, "c": 3}]) == ["b", "a", "c"]


def test_an_objective_that_no_job_reports_is_named_with_what_they_report() -> None:
    goals = [ACCURACY, Goal(metric="test_auc", direction="maximize")]
    job, failed = record(0, accuracy=0.5, loss=1.0), record(1, "FAILED")
    assert unreported(goals, [job, failed]) == (
        "no job has reported test_auc, which is to rank them; they report accuracy, loss"
    )
    assert unreported(goals, [failed]) == ""
    assert unreported([ACCURACY], [job]) == ""
