"""Composes and reads the jobs of a command line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.composition.running_config import running_config, typed_overrides
from altitude.composition.source import ConfigSource
from altitude.config.composing import compose_config, variants
from altitude.config.reading import Reading, read_config
from altitude.config.selection import selected
from altitude.errors import Problem
from altitude.experiment import Experiment, new_output_dir
from altitude.experiment.objectives import objectives_exist
from altitude.experiment.writable_folders import folder_problems
from altitude.sweeps import Sweep
from altitude.sweeps.plan.space import PARAMS

MODE = "hydra.mode"
OBJECTIVE = "sweep.objective"
MOST = 8
"""How many problems have their suggestions tried, and how many jobs stand for those of a sweep."""


@dataclass(frozen=True)
class CommandLine:
    """A command line that has been composed and read.

    Attributes:
        config: What it composes to, Hydra's own node included; of a sweep, for its first job.
        is_sweep: Whether it asks for a sweep, by `-m` or by its recipe.
        problems: The problems.
        experiment: The experiment; None for a sweep, and if there are problems.
        sweep: Settings of the group `sweep`; None for a sweep, and if there are problems.
    """

    config: DictConfig
    is_sweep: bool
    problems: Sequence[Problem] = ()
    experiment: Experiment | None = None
    sweep: Sweep | None = None


def read_jobs(overrides: Sequence[str], source: ConfigSource, *, multirun: bool) -> CommandLine:
    """Composes a command line, and reads it unless it is a sweep.

    Args:
        overrides: The overrides that were typed.
        source: The folders to compose from.
        multirun: Whether `-m` was typed.

    Returns:
        The experiment or the sweep, or the problems.
    """
    first = next(variants(overrides))
    config, invalid = compose_config(first, source, with_hydra=True)
    if not (multirun or selected(config, MODE) is RunMode.MULTIRUN):
        read = _read_config(config)
        return replace(read, problems=_unique([*invalid, *read.problems]))

    # Overrides that are invalid in every job are reported once: each costs a composition.
    never = {problem.key for problem in invalid}
    fitting = [o for o in overrides if not any(o.lstrip("+~").startswith(k) for k in never)]
    swept = [*_recipe_space(config, fitting), *fitting]
    choices = [c for c in variants(_without_plain_values(config, swept)) if c != first]
    problems = [*invalid, *_settings_of_hydra(config)]
    composed = [compose_config(chosen, source, with_hydra=True) for chosen in choices]
    if not problems and not any(invalid for _, invalid in composed):
        return CommandLine(config, is_sweep=True)
    composed = [(config, invalid)]
    composed += [compose_config(chosen, source, with_hydra=True) for chosen in variants(swept)]
    for config, invalid in composed:
        problems += [*invalid, *_read_config(config).problems]
    return CommandLine(config, is_sweep=True, problems=_unique(problems))


def _unique(problems: Sequence[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def problems_of_jobs(overrides: Sequence[str], source: ConfigSource) -> list[Problem]:
    """Composes and reads representative jobs of a sweep.

    Args:
        overrides: The overrides of the sweep.
        source: The folders to compose from.

    Returns:
        The problems of the jobs, each once.
    """
    problems = list(read_jobs(overrides, source, multirun=True).problems)
    for chosen in [] if problems else islice(variants(overrides), MOST):
        config, _ = compose_config(chosen, source, with_hydra=True)
        problems += _read_config(config).problems
    return _unique(problems)


def _without_plain_values(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Keeps only the first of the values that replace a plain value: the others compose, too."""
    firsts = [(text, next(variants([text]))) for text in overrides]
    return [
        first[0] if first and _replaces_a_value(config, first[0]) else text
        for text, first in firsts
    ]


def _replaces_a_value(config: DictConfig, override: str) -> bool:
    key = override.partition("=")[0]
    value = selected(config, key)
    return value is not None and not isinstance(value, DictConfig)


def _settings_of_hydra(config: DictConfig) -> list[Problem]:
    """Checks settings of Hydra that Hydra itself does not check."""
    problems = []
    mode, params = _written(config, MODE), _written(config, PARAMS)
    if isinstance(mode, str):
        problems.append(Problem(MODE, mode, "RUN or MULTIRUN", f"{MODE}=RUN"))
    if not isinstance(params, dict | None):
        problems.append(Problem(PARAMS, str(params), "a mapping of keys to what is swept"))
    return problems


def _written(config: DictConfig, key: str) -> Any:
    """Returns the unresolved value of a key."""
    parent, _, name = key.rpartition(".")
    node = selected(config, parent)
    if not isinstance(node, DictConfig) or name not in node:
        return None
    plain: Any = OmegaConf.to_container(OmegaConf.masked_copy(node, name))
    return plain[name]


def _read_config(config: DictConfig) -> CommandLine:
    """Reads the config of one job, and checks that its folder is writable."""
    # Hydra's own node is most of the config.
    settings = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    with running_config(config):
        output_dir, unwritable = _output_dir(config)
        read = read_config(settings, output_dir, typed_overrides(config.hydra))
    problems = [*read.problems, *_settings_of_hydra(config), *unwritable]
    problems += _missing_objectives(config, read) or read.sweep_problems
    if problems:
        return CommandLine(config, is_sweep=False, problems=problems)
    return CommandLine(config, is_sweep=False, experiment=read.experiment, sweep=read.sweep)


def _missing_objectives(config: DictConfig, read: Reading) -> list[Problem]:
    if not (read.experiment and read.sweep) or selected(config, OBJECTIVE) is None:
        return []
    return objectives_exist(read.sweep.metrics, read.experiment)


def _output_dir(config: DictConfig) -> tuple[Path, list[Problem]]:
    """Returns the folder that Hydra will create for the run, and problems with it."""
    key = "hydra.sweep.dir" if selected(config, MODE) is RunMode.MULTIRUN else "hydra.run.dir"
    try:
        folder = Path(str(OmegaConf.select(config, key))).absolute()
    except OmegaConfBaseException:
        return new_output_dir(), []  # Hydra itself says what is wrong with its interpolations
    with open_dict(config.hydra.runtime):
        config.hydra.runtime.output_dir = str(folder)
    return folder, folder_problems(key, folder)


def _recipe_space(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Returns the search space of a recipe, without the keys set on the command line."""
    typed = {override.partition("=")[0] for override in overrides}
    params = selected(config, PARAMS)
    if not isinstance(params, DictConfig):
        return []
    return [f"{key!s}={value}" for key, value in params.items() if key not in typed]
