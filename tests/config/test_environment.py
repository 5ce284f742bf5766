import pytest

from altitude.config.command_line import command_problems


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LR", "1e-3")


@pytest.mark.parametrize("key", ["optimizer.learning_rate", "callbacks.early_stopping.min_delta"])
def test_a_number_that_arrives_as_text_is_to_be_decoded(key: str) -> None:
    (problem,) = command_problems([f"{key}=${{oc.env:LR}}"], multirun=False)
    assert (problem.key, problem.given) == (key, "'1e-3'")
    assert problem.instead == f"'{key}=\"${{oc.decode:${{oc.env:LR}}}}\"'"
    assert command_problems([problem.instead.strip("'")], multirun=False) == []


def test_a_name_may_look_like_a_number() -> None:
    assert command_problems(["tracking.run_name=${oc.env:LR}"], multirun=False) == []


def test_a_variable_that_is_not_set_is_named() -> None:
    (problem,) = command_problems(["optimizer.learning_rate=${oc.env:NO_SUCH}"], multirun=False)
    assert "NO_SUCH" in str(problem)
