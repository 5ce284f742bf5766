import dataclasses
from typing import Any

import pytest
from pydantic import BaseModel

from altitude import LazyCall, Problem
from altitude.calls.nodes import call_problems, read_lazy_call, read_object
from altitude.data import Digits
from altitude.loops import Tape
from altitude.steps import Supervised


@dataclasses.dataclass
class Particular:
    """A plain dataclass that checks itself."""

    width: int
    thing: "Any" = None

    def __post_init__(self) -> None:
        if self.width == 13:
            raise ValueError("13 is out of the question")


class Undocumented:
    def __init__(self, width: int) -> None:
        if width == 13:
            raise ValueError("13 is out of the question")
        self.width = width


class Widths(BaseModel):
    width: int | str
    depth: int = 1


def read(target: str, **arguments: Any) -> tuple[Any, list[Problem]]:
    return read_object("group", {"_target_": target, **arguments})


def test_an_object_is_built() -> None:
    assert read("altitude.data.Digits", limit=5) == (Digits(limit=5), [])


def test_nested_objects_are_built() -> None:
    step = {"_target_": "altitude.steps.Supervised", "clip_norm": 2.0}
    assert read("altitude.loops.Tape", step=step) == (Tape(step=Supervised(clip_norm=2.0)), [])


def test_problems_of_nested_objects_have_the_full_key() -> None:
    step = {"_target_": "altitude.steps.Supervised", "clip_norm": 0}
    loop, problems = read("altitude.loops.Tape", step=step)
    assert loop is None
    assert problems == [Problem("group.step.clip_norm", "0", "greater than 0")]


def test_every_field_is_checked() -> None:
    _, problems = read("altitude.data.Digits", limit=0, batch_size="many", one_hot=2)
    assert {problem.key for problem in problems} == {
        "group.limit",
        "group.batch_size",
        "group.one_hot",
    }


def test_unknown_arguments_come_before_wrong_values() -> None:
    digits, problems = read("altitude.data.Digits", limmit=3)
    assert digits is None
    assert problems[0].instead == "did you mean `limit`?"


@pytest.mark.parametrize("node", [None, 3, "mlp", {}, {"width": 3}, ["a"]])
def test_a_node_that_names_no_class(node: Any) -> None:
    expected = "a mapping whose `_target_` names a class or function"
    assert read_object("model", node) == (None, [Problem("model", repr(node), expected)])
    assert read_lazy_call("model", node) == (None, [Problem("model", repr(node), expected)])


def test_a_class_that_is_not_there() -> None:
    _, (problem,) = read("altitude.data.Nothing")
    assert problem.key == "group._target_"


@pytest.mark.parametrize("target", ["keras.layers.Dense", "tensorflow.Module"])
def test_foreign_classes_wait(target: str) -> None:
    assert read(target, units=3) == (LazyCall(target, {"units": 3}), [])


@pytest.mark.parametrize("name", ["Particular", "Undocumented"])
def test_a_class_of_the_user(name: str) -> None:
    built, problems = read(f"{__name__}.{name}", width=3)
    assert problems == []
    assert (type(built).__name__, built.width) == (name, 3)


@pytest.mark.parametrize("name", ["Particular", "Undocumented"])
def test_a_class_of_the_user_that_refuses(name: str) -> None:
    _, (problem,) = read(f"{__name__}.{name}", width=13)
    assert problem.expected == "13 is out of the question"


def test_a_lazy_call_is_checked_against_a_schema() -> None:
    problems = call_problems("group", LazyCall("a.B", {"width": [], "depth": "deep"}), Widths)
    assert [(p.key, p.given) for p in problems] == [
        ("group.width", "[]"),
        ("group.depth", "'deep'"),
    ]


def test_the_branches_of_a_union_are_one_problem() -> None:
    problems = call_problems("group", LazyCall("a.B", {"width": []}), Widths)
    assert [problem.expected for problem in problems] == ["a whole number; or a text"]


def test_a_missing_argument_was_not_given() -> None:
    (problem,) = call_problems("group", LazyCall("a.B"), Widths)
    assert (problem.key, problem.given) == ("group.width", "nothing")
