"""Turns the suggestions of problems into overrides that can be tried."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from altitude.config.explanation import TO_ADD
from altitude.config.suggestions import UNKNOWN
from altitude.errors import SUGGESTION, Problem

OVERRIDE = re.compile(r"(~[\w./]+|[+]{0,2}[\w./@]+=(?!\.\.\.).*)")


@dataclass(frozen=True)
class Proposal:
    """A suggestion.

    Attributes:
        text: The text of the line.
        overrides: The whole of the overrides, if it is followed.
    """

    text: str
    overrides: tuple[str, ...]


def proposals(problem: Problem, overrides: Sequence[str], left_out: set[str]) -> list[Proposal]:
    """Returns the suggestions of a problem as overrides.

    Args:
        problem: The problem, with what to write instead.
        overrides: The overrides that were typed.
        left_out: Keys of other problems, whose overrides are to be left out.

    Returns:
        Each of the alternatives; nothing, if they are no overrides.
    """
    kept = [o for o in overrides if not any(_is_about(o, key) for key in left_out)]
    written = list(_written(problem, overrides))
    return [
        Proposal(
            text,
            (*(o for o in kept if not _is_replaced(o, problem, new)), *new),
        )
        for text, new in written
    ]


def _written(problem: Problem, overrides: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yields each alternative, as text and as overrides."""
    if problem.instead.startswith(SUGGESTION):
        for word in re.findall("`([^`]+)`", problem.instead):
            text = _with_value(word, problem, overrides)
            yield text, [text]
        return
    for text in re.split(r",? or ", problem.instead.removesuffix(TO_ADD)):
        words = _split(text)
        if words and all(OVERRIDE.fullmatch(word) for word in words):
            yield text.strip(), words


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _with_value(word: str, problem: Problem, overrides: Sequence[str]) -> str:
    """Returns the override for a suggested word, which is a key or a value."""
    typed = [o for o in overrides if _is_about(o, problem.key)]
    if problem.given != UNKNOWN:
        return f"{problem.key}={word}"
    return f"{word}={typed[-1].partition('=')[2]}" if typed else f"{word}=null"


def _is_replaced(override: str, problem: Problem, new: Sequence[str]) -> bool:
    return any(_key(override) == _key(one) for one in new) or _is_about(override, problem.key)


def _is_about(override: str, key: str) -> bool:
    return _key(override) == key or _key(override).startswith(f"{key}.")


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
