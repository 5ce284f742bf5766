"""Numbers that environment variables bring as text."""

import re
import shlex

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from altitude.checks.meaning import keys_of
from altitude.errors import Problem

VARIABLE = re.compile(r"\$\{oc\.env:[^{}]*\}")
TEXTS = "tracking"
"""The group whose settings are names, which may look like numbers."""


def numbers_as_text(config: DictConfig) -> list[Problem]:
    """Finds settings that are a number in the environment, and so a text in the config.

    Args:
        config: What Hydra composed.
    """
    problems = []
    for key in keys_of(config):
        written = _written(config, key)
        if VARIABLE.fullmatch(written) and not key.startswith(TEXTS):
            value = _value(config, key)
            if _is_number(value):
                instead = shlex.quote(f'{key}="${{oc.decode:{written}}}"')
                expected = "a number: what comes from the environment is a text until it is decoded"
                problems.append(Problem(key, repr(value), expected, instead))
    return problems


def _written(config: DictConfig, key: str) -> str:
    """The interpolation that a key holds, as it is written; empty, if it holds none."""
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    keys = list(node) if isinstance(node, DictConfig) else []  # some are numbers
    child = next((node._get_node(known) for known in keys if str(known) == name), None)
    return str(child._value()) if child is not None and child._is_interpolation() else ""


def _value(config: DictConfig, key: str) -> str:
    try:
        return str(OmegaConf.select(config, key))
    except OmegaConfBaseException:
        return ""  # a variable that is not set, which is reported when the config is read


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
