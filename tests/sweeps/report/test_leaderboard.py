import csv
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.leaderboard import as_markdown, as_text, lead, leaderboard, write_csv

ACCURACY = Goal(metric="best_val_accuracy", direction="maximize")
LOSS = Goal(metric="best_val_loss", direction="minimize")


def record(
    number: int, swept: dict[str, Any], accuracy: float, *, status: Any = "FINISHED", **more: float
) -> JobRecord:
    return JobRecord(
        number=number,
        name=f"job {number}",
        swept=swept,
        status=status,
        metrics={"best_val_accuracy": accuracy, **more},
        run_id=f"run{number}",
    )


def rates(*accuracies: float) -> list[JobRecord]:
    return [record(n, {"learning_rate": 10.0**-n}, a) for n, a in enumerate(accuracies)]


def seeds(setting: dict[str, Any], *accuracies: float, first: int = 0) -> list[JobRecord]:
    return [
        record(n, {**setting, "seed": n}, accuracy)
        for n, accuracy in enumerate(accuracies, start=first)
    ]


def numbers(records: Sequence[JobRecord], *goals: Goal) -> list[int]:
    return [entry.best.number for entry in leaderboard(records, goals or (ACCURACY,))]


def test_the_best_come_first_and_nan_last() -> None:
    entries = leaderboard(rates(0.5, math.nan, 0.75, 0.25), [ACCURACY])
    assert [entry.rank for entry in entries] == [1, 2, 3, 4]
    assert [entry.best.number for entry in entries] == [2, 0, 3, 1]
    assert [entry.on_front for entry in entries] == [True, False, False, False]


def test_less_is_better_when_it_is_to_be_minimized() -> None:
    goal = Goal(metric="best_val_accuracy", direction="minimize")
    assert numbers(rates(0.5, math.nan, 0.75, 0.25), goal) == [3, 0, 2, 1]


def test_equals_keep_the_order_of_the_sweep() -> None:
    assert numbers(list(reversed(rates(0.5, 0.5, 0.5)))) == [0, 1, 2]


def test_only_finished_jobs_count() -> None:
    statuses = ("WAITING", "RUNNING", "FAILED", "KILLED", "FINISHED")
    records = [record(n, {"a": n}, 0.5, status=status) for n, status in enumerate(statuses)]
    assert numbers(records) == [4]


def test_repeats_over_seed_are_one_setting() -> None:
    records = seeds({"patience": 2}, 0.5, 0.75, 1.0) + seeds({"patience": 3}, 0.5, 0.5, first=3)
    first, second = leaderboard(records, [ACCURACY])
    assert (first.swept, first.mean, first.deviation, first.count) == (
        {"patience": 2},
        0.75,
        0.25,
        3,
    )
    assert (second.swept, second.mean, second.deviation) == ({"patience": 3}, 0.5, 0.0)
    assert first.best.number == 2
    assert first.run_ids == ("run2", "run1", "run0")
    assert first.name == "patience=2"


def test_one_job_has_no_spread() -> None:
    (entry,) = leaderboard(rates(0.5), [ACCURACY])
    assert math.isnan(entry.deviation)


def test_a_setting_that_diverges_with_one_seed_is_last() -> None:
    records = seeds({"a": 1}, 0.9, math.nan) + seeds({"a": 2}, 0.1, 0.1, first=2)
    assert [s.swept["a"] for s in leaderboard(records, [ACCURACY])] == [2, 1]


def test_infinities_are_no_warning() -> None:
    goal = Goal(metric="best_val_loss", direction="minimize")
    records = [
        record(n, {"seed": n}, 0.5, best_val_loss=loss) for n, loss in enumerate([math.inf, 1.0])
    ]
    (entry,) = leaderboard(records, [goal])
    assert entry.mean == math.inf


def test_values_that_are_equal_but_not_the_same_are_settings_of_their_own() -> None:
    assert (
        len(leaderboard([record(0, {"a": True}, 0.5), record(1, {"a": 1}, 0.5)], [ACCURACY])) == 2
    )


def test_means_of_the_other_metrics() -> None:
    records = [record(n, {"seed": n}, 0.5, test_accuracy=0.5 + n) for n in (0, 1)]
    (entry,) = leaderboard(records, [ACCURACY])
    assert entry.metrics == {"best_val_accuracy": 0.5, "test_accuracy": 1.0}


def test_the_best_epoch_of_repeats_is_their_median() -> None:
    records = [record(n, {"seed": n}, 0.5, best_epoch=epoch) for n, epoch in enumerate((5, 6, 8))]
    lines = as_text(leaderboard(records, [ACCURACY])).splitlines()
    assert (lines[0].split()[-1], lines[1].split()[-1]) == ("best_epoch", "6")
    (entry,) = leaderboard(records[:2], [ACCURACY])
    assert entry.metrics["best_epoch"] == 5.0  # one that was trained


def test_equals_share_a_rank() -> None:
    entries = leaderboard(rates(0.5, 0.75, 0.75, 0.5, math.nan), [ACCURACY])
    assert [entry.rank for entry in entries] == [1, 1, 3, 3, 5]


TWO_GOALS = [
    record(0, {"a": 0}, 0.5, best_val_loss=0.5),
    record(1, {"a": 1}, 0.9, best_val_loss=0.9),
    record(2, {"a": 2}, 0.8, best_val_loss=0.95),  # worse than 1 in both
    record(3, {"a": 3}, 0.7, best_val_loss=0.7),
    record(4, {"a": 4}, 0.95, best_val_loss=math.nan),
    record(5, {"a": 5}, 0.9, best_val_loss=0.9),  # as good as 1
]


def test_with_two_goals_the_front_comes_first() -> None:
    entries = leaderboard(TWO_GOALS, [ACCURACY, LOSS])
    assert [s.best.number for s in entries if s.on_front] == [1, 5, 3, 0]
    assert [s.best.number for s in entries] == [1, 5, 3, 0, 4, 2]


def test_the_csv_file_has_everything(tmp_path: Path) -> None:
    records = [
        record(0, {"rate": 3e-4, "clip_norm": None, "seed": 1}, 0.123456789, test_accuracy=0.5),
        record(1, {"rate": 3e-4, "clip_norm": None, "seed": 2}, 0.123456789, test_accuracy=0.5),
        record(2, {"rate": 1e-3, "clip_norm": 0.5, "seed": 1}, 0.1),
    ]
    path = tmp_path / "leaderboard.csv"
    write_csv(leaderboard(records, [ACCURACY]), path)
    with path.open() as file:
        first, second = csv.DictReader(file)
    assert first == {
        "rank": "1",
        "rate": "0.0003",
        "clip_norm": "null",
        "best_val_accuracy": "0.123456789",
        "best_val_accuracy_std": "0.0",
        "count": "2",
        "test_accuracy": "0.5",
        "on_front": "true",
        "pruned": "false",
        "runs": "run0 run1",
    }
    assert (second["best_val_accuracy_std"], second["test_accuracy"]) == ("", "")


def test_a_csv_file_of_nothing(tmp_path: Path) -> None:
    write_csv([], tmp_path / "leaderboard.csv")
    assert (tmp_path / "leaderboard.csv").read_text().startswith("rank,")


REFERENCE = [
    record(
        0, {"learning_rate": 3e-4, "activation": "relu"}, 0.89, test_accuracy=0.88, best_epoch=9
    ),
    record(1, {"learning_rate": 1e-3, "activation": "gelu"}, 0.8912, best_epoch=12),
]


def test_the_table_for_a_terminal() -> None:
    assert as_text(leaderboard(REFERENCE, [ACCURACY])).splitlines() == [
        "rank  learning_rate  activation  best_val_accuracy  test_accuracy  best_epoch",
        "   1          0.001  gelu                   0.8912                         12",
        "   2         0.0003  relu                   0.8900         0.8800           9",
        "best: learning_rate=0.001 activation=gelu, 0.0012 ahead of the next",
    ]


def test_the_table_in_markdown() -> None:
    lines = as_markdown(leaderboard(REFERENCE, [ACCURACY]), limit=1).splitlines()
    assert lines[:3] == [
        "| rank | learning_rate | activation | best_val_accuracy | test_accuracy | best_epoch |",
        "| ---: | ------------: | ---------- | ----------------: | ------------: | ---------: |",
        "|    1 |         0.001 | gelu       |            0.8912 |               |         12 |",
    ]
    assert "1 more setting is not shown" in lines


def test_repeats_show_their_spread() -> None:
    records = seeds({"a": 1}, 0.5, 0.75) + seeds({"a": 2}, 0.5, 0.5, first=2)
    heading, first, *_ = as_text(leaderboard(records, [ACCURACY])).splitlines()
    assert heading.split() == ["rank", "a", "best_val_accuracy", "std", "jobs"]
    assert first.split() == ["1", "1", "0.6250", "0.1768", "2"]


def test_two_goals_show_the_front() -> None:
    lines = as_text(leaderboard(TWO_GOALS, [ACCURACY, LOSS])).splitlines()
    assert lines[0].split() == ["rank", "a", "best_val_accuracy", "best_val_loss", "front"]
    assert lines[1].split() == ["1", "1", "0.9000", "0.9000", "yes"]
    assert "Pareto front of best_val_accuracy and best_val_loss: 4 of 6 settings" in lines


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], "no job has finished"),
        (rates(math.nan), "no job has finished with best_val_accuracy"),
        (rates(0.5), "best: learning_rate=1.0"),
        (rates(0.5, math.nan), "best: learning_rate=1.0"),
        (rates(0.5, 0.5), "best: learning_rate=1.0, in a tie with learning_rate=0.1"),
        (
            rates(0.25, 0.5, 0.5, 0.5),
            "best: learning_rate=0.1, in a tie with learning_rate=0.01 and 1 more",
        ),
        (rates(0.5, 0.75), "best: learning_rate=0.1, 0.2500 ahead of the next"),
        (
            seeds({}, 0.5, 0.75),
            "best: the only setting, best_val_accuracy 0.6250 with a spread of 0.1768 over 2 seeds",
        ),
        (
            seeds({"a": 1}, 0.5, 0.75) + seeds({"a": 2}, 0.5, 0.5, first=2),
            "best: a=1, 0.1250 ahead of the next: less than the spread over seeds, 0.1768",
        ),
        (
            seeds({"a": 1}, 0.875, 0.75) + seeds({"a": 2}, 0.5, 0.5, first=2),
            "best: a=1, 0.3125 ahead of the next",
        ),
        (
            [record(n, {"fold": n}, accuracy) for n, accuracy in enumerate((0.5, 0.75))],
            "best: the only setting, best_val_accuracy 0.6250 with a spread of 0.1768 over 2 folds",
        ),
    ],
)
def test_by_how_much_the_best_leads(records: list[JobRecord], expected: str) -> None:
    assert lead(leaderboard(records, [ACCURACY])) == expected


def measured(examples: int, *accuracies: float) -> list[JobRecord]:
    return [replace(record, validation_examples=examples) for record in rates(*accuracies)]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            measured(250, 0.924, 0.92),
            "0.0040 ahead of the next: within the noise, "
            "the standard error on 250 validation examples is 0.0172",
        ),
        (
            measured(10_000, 0.924, 0.9),
            "0.0240 ahead of the next; the standard error on 10000 validation examples is 0.0030",
        ),
        (measured(0, 0.924, 0.92), "0.0040 ahead of the next"),
        (measured(250, 92.4, 92.0), "0.4000 ahead of the next"),
    ],
)
def test_a_lead_is_compared_with_the_standard_error(
    records: list[JobRecord], expected: str
) -> None:
    entries = leaderboard(records, [ACCURACY])
    assert lead(entries) == f"best: learning_rate=1.0, {expected}"
    assert lead(entries) in as_text(entries)
    assert lead(entries) in as_markdown(entries)


def test_metrics_whose_spread_is_unknown_have_no_standard_error() -> None:
    records = [
        replace(record(n, {"a": n}, 0.5, best_val_loss=loss), validation_examples=250)
        for n, loss in enumerate((0.5, 0.75))
    ]
    assert lead(leaderboard(records, [LOSS])) == "best: a=0, 0.2500 ahead of the next"


def test_a_narrow_terminal_leaves_out_what_does_not_rank() -> None:
    lines = as_text(leaderboard(REFERENCE, [ACCURACY]), width=60).splitlines()
    assert lines[0] == "rank  learning_rate  activation  best_val_accuracy"
    assert lines[3] == "not shown, but in leaderboard.csv: test_accuracy, best_epoch"
    assert all(len(line) <= 60 for line in lines[:4])


def test_settings_with_many_values_have_lines_of_their_own_in_a_narrow_terminal() -> None:
    swept = {f"parameter_{n}": n for n in range(8)}
    lines = as_text(leaderboard([record(0, swept, 0.5)], [ACCURACY]), width=60).splitlines()
    assert lines[0] == "   1  best_val_accuracy 0.5000"
    assert lines[1] == "      parameter_0=0 parameter_1=1 parameter_2=2"
    assert all(len(line) <= 60 for line in lines[:-1])


def test_tables_of_nothing() -> None:
    assert as_text(()) == "no job has finished"
    assert as_markdown(()) == "no job has finished\n"
