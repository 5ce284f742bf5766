from typing import Any

import pytest
from hydra.errors import InstantiationException

from altitude import LazyCall, Problem
from altitude.data import DataSpec, LabelSpec


def accepts_anything(width: int, **others: Any) -> tuple[int, dict[str, Any]]:
    return width, others


def accepts_little(spec: DataSpec, width: int, depth: int = 1) -> tuple[DataSpec, int, int]:
    return spec, width, depth


def test_a_call_builds_a_fresh_object_each_time() -> None:
    call = LazyCall("builtins.dict", {"a": 1})
    assert call() == {"a": 1}
    assert call() is not call()


def test_nested_targets_are_built_first() -> None:
    call = LazyCall("builtins.dict", {"inner": {"_target_": "builtins.complex", "real": 2}})
    assert call() == {"inner": 2 + 0j}


def test_lists_and_mappings_arrive_as_plain_python() -> None:
    built = LazyCall("builtins.dict", {"a": [1, [2]], "b": {"c": [3]}})()
    assert [type(built["a"]), type(built["a"][1])] == [list, list]
    assert [type(built["b"]), type(built["b"]["c"])] == [dict, list]


def test_positional_arguments_are_handed_on_as_they_are() -> None:
    spec = DataSpec((2,), LabelSpec("integer", 3))
    built = LazyCall(f"{__name__}.accepts_little", {"width": 5})(spec)
    assert built == (spec, 5, 1)
    assert built[0] is spec


def test_a_target_that_raises_is_named() -> None:
    with pytest.raises(InstantiationException, match=r"builtins\.complex"):
        LazyCall("builtins.complex", {"real": "abc"})()


def test_class_name_is_the_last_part_of_the_target() -> None:
    assert LazyCall("keras.optimizers.Adam").class_name == "Adam"


def test_arguments_that_fit_are_no_problem() -> None:
    call = LazyCall(f"{__name__}.accepts_little", {"width": 5, "depth": 2})
    assert call.problems("model", positional=1) == []


@pytest.mark.parametrize("target", ["altitude.data.Digit", "no_such_package.Model", "Model", ""])
def test_a_target_that_cannot_be_imported(target: str) -> None:
    (problem,) = LazyCall(target).problems("model")
    assert (problem.key, problem.given) == ("model._target_", target or "nothing")
    assert problem.expected == "the import path of a class or function"


def test_an_unknown_argument_gets_a_suggestion() -> None:
    call = LazyCall("altitude.data.Digits", {"batch_sise": 3})
    (problem,) = call.problems("dataset")
    assert (problem.key, problem.given) == ("dataset.batch_sise", "an unknown key")
    assert "an argument of `Digits`: batch_size" in problem.expected
    assert problem.instead == "did you mean `batch_size`?"


def test_a_missing_argument() -> None:
    (problem,) = LazyCall("altitude.data.Npz").problems("dataset")
    expected = "a value: `Npz` needs it"
    assert problem == Problem("dataset.path", "nothing", expected, "dataset.path=...")


def test_positional_arguments_are_neither_missing_nor_to_be_given_again() -> None:
    call = LazyCall(f"{__name__}.accepts_little", {"spec": 1})
    problems = call.problems("model", positional=1)
    assert [problem.key for problem in problems] == ["model.spec", "model.width"]


def test_keyword_arguments_of_foreign_functions_are_their_own_business() -> None:
    call = LazyCall(f"{__name__}.accepts_anything", {"width": 1, "colour": "red"})
    assert call.problems("model") == []
    assert call() == (1, {"colour": "red"})


def test_keras_accepts_no_argument_that_it_does_not_name() -> None:
    call = LazyCall("keras.optimizers.Adam", {"learning_rate": 1e-3, "momentun": 0.9})
    (problem,) = call.problems("optimizer")
    assert problem.key == "optimizer.momentun"
    assert problem.instead == "did you mean `ema_momentum`?"


def test_a_schedule_with_lists_can_be_serialized() -> None:
    schedule = {
        "_target_": "keras.optimizers.schedules.PiecewiseConstantDecay",
        "boundaries": [1, 2],
        "values": [0.3, 0.2, 0.1],
    }
    config = LazyCall("keras.optimizers.SGD", {"learning_rate": schedule})().get_config()
    assert config["learning_rate"]["config"]["values"] == [0.3, 0.2, 0.1]
    assert type(config["learning_rate"]["config"]["values"]) is list
