import dataclasses
from pathlib import Path

import pytest
from rich.console import Console

from altitude import Experiment, Objective, compose
from altitude.runs.composition_tree import composition_tree


def drawn(experiment: Experiment) -> list[str]:
    console = Console(width=400)
    with console.capture() as capture:
        console.print(composition_tree(experiment))
    return capture.get().splitlines()


def line_of(lines: list[str], name: str) -> str:
    (line,) = [line for line in lines if name in line.split()]
    return line


def test_each_group_and_each_callback_has_a_line() -> None:
    experiment = compose(["~callbacks.tensorboard"])
    lines = drawn(experiment)
    assert len(lines) == 1 + 7 + 1 + 3
    assert lines[0].split() == [
        "altitude",
        "seed",
        "42",
        str(experiment.output_dir.relative_to(Path.cwd())),
    ]
    assert "FashionMnist" in line_of(lines, "dataset")
    assert "Adam" in line_of(lines, "optimizer")
    assert "patience=3" in line_of(lines, "early_stopping")


@pytest.mark.parametrize(
    ("override", "group", "shown"),
    [
        ("optimizer.learning_rate=0.005", "optimizer", "learning_rate=0.005"),
        ("model.hidden_units=[7,8]", "model", "hidden_units=[7, 8]"),
        ("loop=tape", "loop", "Tape"),
        ("loop=tape", "loop", "step=Supervised"),
        ("tracking.experiment_name=mine", "tracking", "experiment_name=mine"),
        ("objective.class_weight={0: 2.0}", "objective", "class_weight={0}"),
        ("model=cnn", "model", "Cnn"),
    ],
)
def test_what_was_chosen_is_shown(override: str, group: str, shown: str) -> None:
    assert shown in line_of(drawn(compose([override])), group)


def test_what_is_off_is_left_out() -> None:
    lines = drawn(compose())
    assert "clipnorm" not in line_of(lines, "optimizer")
    assert "run_eagerly" not in line_of(lines, "loop")


def test_files_of_the_run_are_shown_by_their_place_in_its_folder() -> None:
    assert "filepath=./best.keras" in line_of(drawn(compose()), "model_checkpoint")


def test_square_brackets_are_no_markup() -> None:
    lines = drawn(compose(["tracking.run_name='[red]name'"]))
    assert "run_name=[red]name" in line_of(lines, "tracking")


def test_functions_are_shown_by_their_names() -> None:
    experiment = dataclasses.replace(compose(), objective=Objective(loss=own_loss))
    assert f"loss={__name__}.own_loss" in line_of(drawn(experiment), "objective")


def own_loss() -> str:
    return "mse"
