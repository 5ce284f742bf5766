import pytest
from matplotlib.figure import Figure

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.report.pictures.colours import Colours
from altitude.sweeps.report.pictures.style import title_of, visible_range, wrapped

ACCURACY = Goal(metric="accuracy", direction="maximize")
LOSS = Goal(metric="loss", direction="minimize")
TYPICAL = [0.88, 0.885, 0.89, 0.892, 0.9]


def record(number: int, **metrics: float) -> JobRecord:
    swept = {"learning_rate": 1e-3, "seed": number}
    return JobRecord(number=number, name="", swept=swept, status="FINISHED", metrics=metrics)


@pytest.mark.parametrize(
    ("goal", "odd", "is_seen"),
    [(ACCURACY, 0.1, False), (ACCURACY, 0.99, True), (LOSS, 0.1, True), (LOSS, 9.0, False)],
)
def test_what_is_far_worse_is_out_of_sight(goal: Goal, odd: float, is_seen: bool) -> None:
    low, high = visible_range([*TYPICAL, odd], goal)
    assert (low <= odd <= high) == is_seen
    assert all(low < value < high for value in TYPICAL)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [0.0], [-3.0]])
def test_there_is_always_a_range(values: list[float]) -> None:
    low, high = visible_range(values, LOSS)
    assert low < values[0] < high


@pytest.mark.parametrize(("goal", "best"), [(ACCURACY, 0.9), (LOSS, 0.88)])
def test_the_better_the_darker(goal: Goal, best: float) -> None:
    colours = Colours(TYPICAL, goal)
    brightness = {value: sum(colours.of(value)[:3]) for value in TYPICAL}
    assert min(brightness, key=brightness.__getitem__) == best


def test_values_beyond_the_colours_are_an_arrow() -> None:
    figure = Figure()
    axis = figure.subplots()
    Colours([*TYPICAL, 0.1], ACCURACY).add_bar(figure, axis, "accuracy")
    assert figure.axes[1].get_ylabel() == "accuracy"


def test_the_title_says_what_is_best() -> None:
    title = title_of([record(0, accuracy=0.5), record(1)], ACCURACY, "accuracy", 90)
    assert title.splitlines() == [
        "accuracy: 2 jobs, 1 without a result",
        "best: 0.5000 with learning_rate=0.001 seed=0",
    ]


def test_the_title_without_any_result() -> None:
    assert title_of([record(0)], ACCURACY, "accuracy", 90) == "accuracy: 1 job, 1 without a result"


def test_long_names_are_broken_where_their_parts_end() -> None:
    name = "callbacks.reduce_lr_on_plateau.patience"
    assert wrapped(name, 20).splitlines() == ["callbacks.reduce_lr_", "on_plateau.patience"]
    assert wrapped("a" * 50, 20) == "a" * 50
