"""What a model class overrides is used, or refused by name."""

import keras
import pytest

from altitude import ConfigError, Problem
from altitude.experiment.overridden_methods import check_overrides
from altitude.loops import Fit, Loop, Reinforce, Tape, TrainStep
from altitude.steps import FromScratch, ShiftedEvaluation


def model_with(*methods: str) -> keras.Model:
    body = dict.fromkeys(methods, lambda self, *_, **__: None)  # noqa: ARG005
    return type("Theirs", (keras.Model,), body)()


def problem_of(model: keras.Model, loop: Loop) -> Problem:
    with pytest.raises(ConfigError) as refused:
        check_overrides(model, loop)
    (problem,) = refused.value.problems
    return problem


@pytest.mark.parametrize(
    ("loop", "methods"),
    [
        (Fit(), ("fit", "evaluate", "make_train_function", "train_step", "test_step")),
        (TrainStep(), ("fit", "make_test_function", "train_step", "compute_loss")),
        (Tape(), ("train_step", "test_step", "compute_loss", "compute_metrics", "compile")),
        (TrainStep(clip_norm=1.0), ("test_step", "get_metrics_result")),
    ],
)
def test_what_is_called_is_taken(loop: Loop, methods: tuple[str, ...]) -> None:
    check_overrides(model_with(*methods), loop)


@pytest.mark.parametrize(
    ("loop", "method"),
    [
        (Tape(), "fit"),
        (Tape(), "make_test_function"),
        (TrainStep(step=FromScratch()), "compute_loss"),
        (Tape(step=FromScratch()), "compute_metrics"),
        (Reinforce(), "train_step"),
        (Reinforce(), "test_step"),
    ],
)
def test_what_is_never_called_is_refused(loop: Loop, method: str) -> None:
    problem = problem_of(model_with(method), loop)
    assert problem.key == "model"
    assert f"overrides `{method}`" in problem.given
    assert problem.instead


@pytest.mark.parametrize(
    ("loop", "method", "key"),
    [
        (TrainStep(step=FromScratch()), "train_step", "loop.step"),
        (Tape(clip_norm=0.5), "train_step", "loop.clip_norm"),
        (Tape(step=ShiftedEvaluation()), "test_step", "loop.step"),
    ],
)
def test_a_step_beside_that_of_the_class_is_refused(loop: Loop, method: str, key: str) -> None:
    problem = problem_of(model_with(method), loop)
    assert problem.key == key
    assert f"a `{method}` of its own" in problem.expected
