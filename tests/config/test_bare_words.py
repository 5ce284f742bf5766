import pytest

from altitude.config.command_line import command_problems

MEANT = {
    "train": "altitude, with nothing in that place",
    "evaluate": "there is no such command",
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
        "key=value, or a command in the first place: altitude doctor"
    )
    assert meant in problem.instead or problem.instead in meant
