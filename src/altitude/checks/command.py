"""What is wrong with a command line, before Hydra looks at it."""

from collections.abc import Sequence
from pathlib import Path

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.checks.composition import compose_config, variants
from altitude.checks.rules import objectives_exist
from altitude.config import read_experiment, read_sweep
from altitude.errors import Problem
from altitude.experiment import new_output_dir
from altitude.sweeps.planning.space import PARAMS


def command_problems(
    overrides: Sequence[str], config_dir: str | Path | None, config_name: str, *, multirun: bool
) -> list[Problem]:
    """Composes what was typed, and checks it.

    Of a sweep it is only made sure that every value can be composed: its jobs are checked when all
    of them are.

    Args:
        overrides: As they were typed.
        config_dir: A folder with config groups of the user's own.
        config_name: The primary config.
        multirun: Whether `-m` was typed. A recipe may be a sweep without it.

    Raises:
        ConfigError: If `config_dir` is no folder.
    """

    def composed(chosen: Sequence[str]) -> tuple[DictConfig, list[Problem]]:
        return compose_config(chosen, config_dir, config_name, with_hydra=True)

    config, misfits = composed(next(variants(overrides)))
    if multirun or config.hydra.mode is RunMode.MULTIRUN:
        # What fits in no job is told once: to find it takes a composition for every override.
        never = {problem.key for problem in misfits}
        fitting = [o for o in overrides if not any(o.lstrip("+~").startswith(k) for k in never)]
        swept = [*_brought_along(config, fitting), *fitting]
        choices = _without_plain_values(config, swept)
        if not (misfits or any(composed(chosen)[1] for chosen in variants(choices))):
            return []
        found = [(config, misfits), *(composed(chosen) for chosen in variants(swept))]
    else:
        found = [composed(overrides)]
    problems = [p for config, misfits in found for p in [*misfits, *_problems(config, overrides)]]
    return list(dict.fromkeys(problems))


def _without_plain_values(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """The overrides, with the first value alone where any value would compose: it replaces one."""
    first = next(variants(overrides))
    return [
        one if _replaces_a_value(config, one) else text
        for text, one in zip(overrides, first, strict=True)
    ]


def _replaces_a_value(config: DictConfig, override: str) -> bool:
    key = override.partition("=")[0]
    try:
        value = OmegaConf.select(config, key, throw_on_missing=False)
    except OmegaConfBaseException:
        return False
    return value is not None and not isinstance(value, DictConfig)


def _problems(config: DictConfig, overrides: Sequence[str]) -> list[Problem]:
    with open_dict(config):
        del config["hydra"]
    experiment, problems = read_experiment(config, new_output_dir(), overrides)
    sweep, found = read_sweep(config)
    if experiment is None or sweep is None or OmegaConf.select(config, "sweep.objective") is None:
        return problems + found
    return problems + (objectives_exist(sweep.metrics, experiment) or found)


def _brought_along(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """The space that a recipe brings, where the command line does not say otherwise."""
    typed = {override.partition("=")[0] for override in overrides}
    params = OmegaConf.select(config, PARAMS) or {}
    return [f"{key}={value}" for key, value in params.items() if key not in typed]
