"""Explains words on the command line that are not overrides."""

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from hydra.core.global_hydra import GlobalHydra

from altitude.errors import Problem, did_you_mean

GROUPS_OF_HYDRA = ("hydra",)

TRAINING = "altitude, with nothing in that place: it trains by itself"
MEANT: Mapping[str, str] = {
    **dict.fromkeys(("fit", "run", "train"), TRAINING),
    "help": "altitude --help",
    "search": "altitude -m sweep=optuna key=value,value",
    "sweep": "altitude -m key=value,value",
    "version": "altitude --version",
}
"""Replacements for words that are commands in other tools."""

COMMANDS: Mapping[str, str] = {
    "compare": "altitude compare RUN RUN",
    "doctor": "altitude doctor [key=value ...]",
    "evaluate": "altitude evaluate latest",
    "export": "altitude export RUN --format onnx",
    "init": "altitude init PATH",
    "new": "altitude new step NAME",
    "predict": "altitude predict RUN INPUT -o OUT",
    "rerun": "altitude rerun latest",
    "resume": "altitude resume latest",
    "show": "altitude show latest",
    "sync": "altitude sync",
}
"""Our own commands, which come first on the command line, and how they are used."""

ALSO_CALLED: Mapping[str, str] = {
    "diff": "compare",
    **dict.fromkeys(("eval", "score", "test", "validate"), "evaluate"),
    **dict.fromkeys(("infer", "inference", "predictions"), "predict"),
    **dict.fromkeys(("continue", "restart"), "resume"),
    **dict.fromkeys(("repeat", "reproduce"), "rerun"),
    **dict.fromkeys(("describe", "info", "status"), "show"),
}
"""What our commands are called in other tools."""

CLOSE = 0.7
"""How similar to the name of a command, from 0 to 1, a word is that was meant as one."""


def explain_command(words: Sequence[str]) -> Problem | None:
    """Explains a command line whose first word is almost a command.

    Args:
        words: The words after `altitude`.

    Returns:
        The problem, with the command that was meant; None if no command was meant.
    """
    command = _command(words[0]) if words else None
    if command is None or command == words[0]:
        return None
    expected = f"a command ({', '.join(COMMANDS)}) or key=value"
    instead = shlex.join(["altitude", command, *words[1:]]) if words[1:] else COMMANDS[command]
    return Problem(words[0], words[0], expected, instead)


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
    command = _command(word)
    meant = MEANT.get(word.lower()) or _options(word) or (command and COMMANDS[command])
    return Problem(word or "''", word or "an empty text", expected, meant or _similar_options(word))


def _command(word: str) -> str | None:
    """Returns the command whose name a word is, or is close to; None if there is none."""
    if word.lower() in ALSO_CALLED:
        return ALSO_CALLED[word.lower()]
    return next(iter(get_close_matches(word.lower(), COMMANDS, n=1, cutoff=CLOSE)), None)


def _options(word: str) -> str:
    """Returns how a word is used that is the name of a group or of an option; empty if neither."""
    options = _options_by_group()
    if word in options:
        return f"{word}=... with one of {', '.join(options[word])}"
    return " or ".join(f"{group}={word}" for group, names in options.items() if word in names)


def _similar_options(word: str) -> str:
    options = _options_by_group()
    close = did_you_mean(word, [name for names in options.values() for name in names])
    name = close.partition("`")[2].partition("`")[0]
    return " or ".join(f"{group}={name}" for group, names in options.items() if name in names)


def _options_by_group() -> Mapping[str, Sequence[str]]:
    loader = GlobalHydra.instance().config_loader()
    return {group: loader.get_group_options(group) for group in groups()}
