"""What Keras demands of its classes is asked before a run is opened."""

from pathlib import Path

import pytest

from altitude import ConfigError, Problem, compose
from altitude.config.impossible_values import impossible_values
from altitude.experiment.model_checks import check_signatures
from altitude.experiment.writable_folders import folder_problems


def refused(*overrides: str) -> Problem:
    experiment = compose(["dataset=digits", *overrides])
    with pytest.raises(ConfigError) as caught:
        check_signatures(experiment)
    (problem,) = caught.value.problems
    return problem


def refused_at_once(*overrides: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        compose(["dataset=digits", *overrides])
    return caught.value.problems[0]


def test_an_activation_that_keras_does_not_have() -> None:
    problem = refused("model.activation=reluu")
    assert (problem.key, problem.instead) == ("model.activation", "did you mean `relu`?")


def test_a_value_that_a_class_of_keras_refuses() -> None:
    problem = refused("callbacks.model_checkpoint.filepath=best.h5x")
    assert problem.key == "callbacks.model_checkpoint.filepath"
    assert "`.keras`" in problem.expected


@pytest.mark.parametrize(
    ("key", "kind", "overrides"),
    [
        ("callbacks.other", "Callback", ()),
        ("objective.loss", "Loss", ("~objective.loss.from_logits",)),
    ],
)
def test_a_class_of_another_kind(key: str, kind: str, overrides: tuple[str, ...]) -> None:
    problem = refused(f"++{key}._target_=keras.layers.Flatten", *overrides)
    assert (problem.key, problem.given) == (f"{key}._target_", "keras.layers.Flatten")
    assert f"extends {kind} of Keras" in problem.expected


def test_a_callback_that_cannot_write() -> None:
    problem = refused("callbacks.tensorboard.log_dir=/proc/x")
    assert problem.key == "callbacks.tensorboard.log_dir"


@pytest.mark.parametrize(
    "override",
    [
        "optimizer.beta_1=abc",
        "optimizer.beta_1=5",
        "optimizer.epsilon=nan",
        "optimizer.epsilon=-1",
        "callbacks.early_stopping.min_delta=abc",
        "callbacks.early_stopping.min_delta=nan",
        "loop.epochs=99999999999999999999999",
        "+model.layers=99999999999999999999999",
    ],
)
def test_values_that_need_no_tensorflow_to_be_refused(override: str) -> None:
    override = override if override.startswith("+") else f"++{override}"
    assert refused_at_once(override).key == override.lstrip("+").partition("=")[0]


def test_values_that_no_setting_can_take() -> None:
    found = impossible_values({"a": [1, {"b": float("nan")}], "c": -(2**63), "d": 2**63 - 1})
    assert [problem.key for problem in found] == ["a.1.b", "c"]


def test_a_folder_is_tried_and_nothing_is_left(tmp_path: Path) -> None:
    assert folder_problems("hydra.run.dir", tmp_path / "a" / "b") == []
    assert list(tmp_path.iterdir()) == []
    (problem,) = folder_problems("hydra.run.dir", "/proc/nope")
    assert (problem.key, problem.expected) == ("hydra.run.dir", "a folder that can be written")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (problem,) = folder_problems("hydra.run.dir", tmp_path / "file" / "b")
    assert "file" in problem.given
