import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread
from matplotlib.lines import Line2D

from altitude.sweeps.job_record import Goal, JobRecord, named
from altitude.sweeps.report.pictures import draw_sweep
from altitude.sweeps.report.pictures.curves import curves
from altitude.sweeps.report.pictures.heat_map import heat_map
from altitude.sweeps.report.pictures.parallel import parallel_coordinates
from altitude.sweeps.report.pictures.parameters import by_parameter
from altitude.sweeps.report.pictures.style import BEST

ACCURACY = Goal(metric="best_val_accuracy", direction="maximize")
LOSS = Goal(metric="best_val_accuracy", direction="minimize")


def record(number: int, swept: dict[str, Any], value: float | None, **more: Any) -> JobRecord:
    settings: dict[str, Any] = {
        "number": number,
        "name": named(swept),
        "swept": swept,
        "status": "FINISHED",
        "metrics": {} if value is None else {"best_val_accuracy": value},
        "run_id": f"run{number}",
    }
    return JobRecord(**settings | more)


def grid(**parameters: Sequence[Any]) -> list[JobRecord]:
    combinations = itertools.product(*parameters.values())
    return [
        record(n, dict(zip(parameters, values, strict=True)), 0.88 + 0.001 * n)
        for n, values in enumerate(combinations)
    ]


REFERENCE = grid(learning_rate=[3e-4, 1e-3, 3e-3], patience=[2, 3], clip_norm=[0.5, 1.0, None])
HISTORIES = {f"run{n}": [0.8, 0.85, 0.88 + 0.001 * n] for n in range(18)}

ODD_SWEEPS = {
    "one job": grid(learning_rate=[1e-3]),
    "one value": grid(learning_rate=[1e-3], seed=[1, 2, 3]),
    "equal results": [record(n, {"a": n}, 0.5) for n in range(3)],
    "not a number": [record(n, {"a": n}, math.nan if n else 0.5) for n in range(3)],
    "infinite": [record(n, {"a": n}, math.inf if n else 0.5) for n in range(3)],
    "other parameters": [record(0, {"a": 1}, 0.5), record(1, {"b": "x"}, 0.6)],
    "lists": grid(hidden_units=[[64], [128, 64]], use_ema=[True]),
    "pruned": [record(n, {"a": n}, 0.5 + n / 10, pruned=n == 0) for n in range(3)],
}


@pytest.mark.parametrize("sweep", ODD_SWEEPS.values(), ids=ODD_SWEEPS.keys())
def test_odd_sweeps_have_pictures(sweep: list[JobRecord]) -> None:
    names = list(dict.fromkeys(name for record in sweep for name in record.swept))
    for goal in (ACCURACY, LOSS):
        assert by_parameter(sweep, names, goal).axes
        assert parallel_coordinates(sweep, names, goal).axes
        assert heat_map(sweep, names[0], names[-1], goal).axes


def test_long_names_and_formulas_can_be_drawn(tmp_path: Path) -> None:
    values = ["$a$b", "${c}_$", "a_long_value_of_many_parts", None]
    sweep = grid(**{"callbacks.reduce_lr_on_plateau.path_of_a_long_name": values})
    assert len(draw_sweep(sweep, {}, LOSS, tmp_path)) == 2


def test_the_pictures_are_files(tmp_path: Path) -> None:
    paths = draw_sweep(REFERENCE, HISTORIES, ACCURACY, tmp_path / "pictures")
    names = ["by_parameter.png", "parallel_coordinates.png", "curves.png"]
    assert [path.name for path in paths] == names
    assert all(imread(path).shape[1] > 500 for path in paths)


@pytest.mark.parametrize(
    ("records", "histories", "expected"),
    [
        ([], {}, []),
        (grid(a=[1, 2]), {}, ["by_parameter", "parallel_coordinates"]),
        (grid(a=[1], b=[1], seed=[1]), {}, ["by_parameter", "parallel_coordinates", "heat_map"]),
        ([record(0, {"a": 1}, None, status="FAILED")], {"run0": [0.5]}, ["curves"]),
        ([record(0, {"a": 1}, math.nan)], {}, []),
    ],
)
def test_what_there_is_is_drawn(
    records: list[JobRecord],
    histories: dict[str, list[float]],
    expected: list[str],
    tmp_path: Path,
) -> None:
    assert [path.stem for path in draw_sweep(records, histories, ACCURACY, tmp_path)] == expected


def xy(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def labels(axis: Axes) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_each_parameter_has_a_panel_with_its_means() -> None:
    figure = by_parameter(REFERENCE, ["learning_rate", "patience"], ACCURACY)
    first, second = figure.axes
    assert first.get_xlabel() == "learning_rate (logarithmic)"
    assert second.get_xlabel() == "patience"
    assert first.get_ylabel() == "best val accuracy"
    (means,) = second.lines
    assert [x for x, _ in xy(means)] == [2, 3]
    assert [y for _, y in xy(means)] == pytest.approx([0.887, 0.890])


def test_many_values_have_the_means_of_neighbours() -> None:
    sweep = [record(n, {"a": n + 0.5}, 0.5 + n / 100) for n in range(64)]
    (means,) = by_parameter(sweep, ["a"], ACCURACY).axes[0].lines
    assert len(xy(means)) == 8


def test_jobs_that_are_far_worse_do_not_flatten_the_rest() -> None:
    sweep = [*REFERENCE, record(18, dict(REFERENCE[0].swept), 0.1)]
    axis = by_parameter(sweep, ["patience"], ACCURACY).axes[0]
    assert axis.get_ylim()[0] > 0.8
    assert "worse than this range" in axis.get_legend_handles_labels()[1]


def test_parallel_coordinates_emphasise_the_best() -> None:
    axis = parallel_coordinates(REFERENCE, ["learning_rate", "patience"], ACCURACY).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == [
        "learning_rate",
        "patience",
        "best val accuracy",
    ]
    (best,) = [line for line in axis.lines if line.get_color() == BEST]
    heights = [y for _, y in xy(best)]
    assert all(0 < height < 1 for height in heights)
    assert heights[-1] > 0.9
    assert {"0.0003", "0.001", "0.003", "2", "3"} <= set(labels(axis))


def test_the_heat_map_averages_repeats() -> None:
    sweep = grid(rate=[0.1, 0.2], clip_norm=[None, 1.0], seed=[1, 2])
    axis = heat_map(sweep, "rate", "clip_norm", ACCURACY).axes[0]
    assert sorted(labels(axis)) == ["0.8805", "0.8825", "0.8845", "0.8865"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["null", "1.0"]


def test_a_heat_map_of_too_many_values_has_points() -> None:
    sweep = [record(n, {"a": n, "b": n**2}, 0.5) for n in range(20)]
    assert labels(heat_map(sweep, "a", "b", ACCURACY).axes[0]) == []


def test_curves_count_epochs_from_one_and_mark_the_best() -> None:
    failed = record(18, {}, None, status="FAILED")
    histories = HISTORIES | {"run18": [0.5, math.nan]}
    axis = curves([*REFERENCE, failed], histories, ACCURACY).axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "val accuracy")
    best, star = [line for line in axis.lines if line.get_color() == BEST]
    assert xy(best) == list(zip([1, 2, 3], HISTORIES["run17"], strict=True))
    assert xy(star) == [(3, HISTORIES["run17"][2])]
    assert axis.get_legend_handles_labels()[1][0] == "without a result"


@pytest.mark.parametrize("history", [[], [math.nan], [0.5]])
def test_curves_of_next_to_nothing(history: list[float]) -> None:
    assert curves(REFERENCE[:1], {"run0": history}, ACCURACY).axes
