import pytest

from altitude import ConfigError, Problem
from altitude.errors import Terminated, did_you_mean


def test_a_problem_says_key_given_and_expected() -> None:
    problem = Problem("loop.epochs", "'abc'", "a whole number")
    assert str(problem) == "loop.epochs\n    given:    'abc'\n    expected: a whole number"


def test_a_problem_says_what_to_write_instead() -> None:
    problem = Problem("dataset.path", "nothing", "a value", "dataset.path=...")
    assert str(problem).endswith("\n    instead:  dataset.path=...")


def test_a_suggestion_is_a_question_of_its_own() -> None:
    problem = Problem("modle", "an unknown key", "one of model", "did you mean `model`?")
    assert str(problem).endswith("\n    did you mean `model`?")


def test_a_config_error_reports_every_problem() -> None:
    problems = [Problem("a", "1", "2"), Problem("b", "3", "4")]
    error = ConfigError(problems)
    assert error.problems == tuple(problems)
    assert str(error).startswith("2 problems in this configuration\n\n")
    assert all(str(problem) in str(error) for problem in problems)


def test_a_config_error_counts_a_single_problem() -> None:
    assert str(ConfigError([Problem("a", "1", "2")])).startswith("1 problem in this configuration")


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("lerning_rate", "did you mean `learning_rate`?"),
        ("momentun", "did you mean `momentum`?"),
        ("zebra", ""),
    ],
)
def test_did_you_mean(word: str, suggestion: str) -> None:
    assert did_you_mean(word, ["learning_rate", "momentum"]) == suggestion


def test_termination_is_not_swallowed_by_handlers_of_exceptions() -> None:
    assert not issubclass(Terminated, Exception)
    assert issubclass(Terminated, KeyboardInterrupt)
