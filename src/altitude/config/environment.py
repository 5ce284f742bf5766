"""Detects numbers that environment variables supply as strings."""

import re
import shlex
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from altitude.calls.walk import walk
from altitude.errors import Problem

VARIABLE = re.compile(r"\$\{oc\.env:[^{}]*\}")
HYDRA = "hydra."
TEXTS = "tracking"
"""The group whose settings are names, which may look like numbers."""


def numbers_as_text(config: DictConfig) -> list[Problem]:
    """Finds settings that are a number in the environment, and so a text in the config.

    Args:
        config: The composed config.

    Returns:
        One problem for each setting.
    """
    plain: Any = OmegaConf.to_container(config)
    problems = []
    for key, written in walk("", plain):
        if VARIABLE.fullmatch(str(written)) and not key.startswith((HYDRA, TEXTS)):
            value = _value(config, key)
            if _is_number(value):
                instead = shlex.quote(f'{key}="${{oc.decode:{written}}}"')
                expected = "a number: what comes from the environment is a text until it is decoded"
                problems.append(Problem(key, repr(value), expected, instead))
    return problems


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
