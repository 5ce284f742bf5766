"""Explains words on the command line that are not overrides."""

from collections.abc import Mapping
from difflib import get_close_matches

from hydra.core.global_hydra import GlobalHydra

from altitude.errors import Problem, did_you_mean

GROUPS_OF_HYDRA = ("hydra",)

TRAINING = "altitude, with nothing in that place: it trains by itself"
SCORES = "altitude, which evaluates the best model when it has trained; there is no such command"
MEANT: Mapping[str, str] = {
    **dict.fromkeys(("eval", "evaluate", "test"), SCORES),
    **dict.fromkeys(("fit", "run", "train"), TRAINING),
    **dict.fromkeys(("continue", "restart"), "altitude resume latest"),
    "help": "altitude --help",
    "predict": "a few lines of Python: there is no such command",
    "search": "altitude -m sweep=optuna key=value,value",
    "sweep": "altitude -m key=value,value",
    "version": "altitude --version",
}
"""Replacements for words that are commands in other tools."""

COMMANDS: Mapping[str, str] = {
    "doctor": "altitude doctor [key=value ...]",
    "export": "altitude export RUN --format onnx",
    "init": "altitude init PATH",
    "new": "altitude new step NAME",
    "resume": "altitude resume latest",
    "show": "altitude show latest",
}
"""Our own commands, which come first on the command line, and how they are used."""


def groups() -> list[str]:
    """Returns the names of all config groups, those of the user included."""
    loader = GlobalHydra.instance().config_loader()
    return [g for g in loader.list_groups("") if g not in GROUPS_OF_HYDRA]


def explain_bare_word(word: str) -> Problem:
    """Explains a word without a value.

    Args:
        word: The word: a command of other tools, the name of an option, or of a group.

    Returns:
        The problem, with the override that was probably meant.
    """
    expected = f"key=value, or a command in the first place: {', '.join(COMMANDS.values())}"
    instead = MEANT.get(word.lower()) or _choice(word) or _command(word)
    return Problem(word or "''", word or "an empty text", expected, instead)


def _command(word: str) -> str:
    """Returns how a command is used whose name is close to a word; empty if none is."""
    close = get_close_matches(word, COMMANDS, n=1)
    return COMMANDS[close[0]] if close else ""


def _choice(word: str) -> str:
    loader = GlobalHydra.instance().config_loader()
    options = {group: loader.get_group_options(group) for group in groups()}
    if word in options:
        return f"{word}=... with one of {', '.join(options[word])}"
    choices = [f"{group}={word}" for group, names in options.items() if word in names]
    if choices:
        return " or ".join(choices)
    close = did_you_mean(word, [name for names in options.values() for name in names])
    name = close.partition("`")[2].partition("`")[0]
    return " or ".join(f"{group}={name}" for group, names in options.items() if name in names)
