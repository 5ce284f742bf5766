import pytest

from altitude.config.bare_words import ALSO_CALLED, COMMANDS, explain_command
from altitude.config.command_line import command_problems

MEANT = {
    "train": "altitude, with nothing in that place",
    "evaluate": "altitude evaluate latest",
    "help": "altitude --help",
    "cnn": "model=cnn",
    "adma": "optimizer=adam",
    "gan": "experiment=gan or model=gan or optimizer=gan",
    "loop": "loop=... with one of fit, ",
    "resum": "altitude resume latest",
}


@pytest.mark.parametrize(("word", "meant"), MEANT.items())
def test_a_bare_word_is_told_what_was_meant(word: str, meant: str) -> None:
    (problem,) = command_problems([word], multirun=False)
    assert problem.expected.startswith(
        "key=value, or a command in the first place: altitude compare"
    )
    assert meant in problem.instead or problem.instead in meant


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (["evalute"], "altitude evaluate latest"),
        (["evalute", "best", "--split", "validation"], "altitude evaluate best --split validation"),
        (["Resume", "a b"], "altitude resume 'a b'"),
        (["test", "latest"], "altitude evaluate latest"),
        (["shwo"], "altitude show latest"),
        (["perdict"], "altitude predict RUN INPUT -o OUT"),
    ],
)
def test_a_word_that_is_almost_a_command_is_answered_with_it(
    words: list[str], instead: str
) -> None:
    problem = explain_command(words)
    assert problem is not None
    assert problem.instead == instead


@pytest.mark.parametrize("words", [[], ["loop.epochs=3"], ["cnn"], ["train"], ["adma"], ["model"]])
def test_what_is_no_command_is_not_taken_for_one(words: list[str]) -> None:
    assert explain_command(words) is None


def test_every_command_is_one() -> None:
    from altitude import cli

    assert tuple(COMMANDS) == cli.COMMANDS
    assert set(ALSO_CALLED.values()) <= set(COMMANDS)
