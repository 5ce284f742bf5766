"""Composes, reads and checks a command line."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.composition.running_config import running_config
from altitude.composition.source import DEFAULT_SOURCE, ConfigSource
from altitude.config.composing import compose_config, variants
from altitude.config.proposals import Proposal, proposals
from altitude.config.reading import Reading, read_config
from altitude.config.unused_keys import parsed
from altitude.errors import Problem
from altitude.experiment import Experiment, new_output_dir
from altitude.experiment.objectives import objectives_exist
from altitude.experiment.writable_folders import folder_problems
from altitude.sweeps import Sweep
from altitude.sweeps.plan.space import PARAMS

MODE = "hydra.mode"
OBJECTIVE = "sweep.objective"
MOST = 8
"""How many problems have what they propose tried, and how many jobs of a sweep stand for all."""


@dataclass(frozen=True)
class CommandLine:
    """A command line that has been composed and read.

    Attributes:
        config: What it composes to, Hydra's own node included; of a sweep, for its first job.
        is_sweep: Whether it asks for a sweep, by `-m` or by its recipe.
        problems: What is wrong.
        experiment: The experiment; None for a sweep, and if there are problems.
        sweep: Settings of the group `sweep`; None for a sweep, and if there are problems.
    """

    config: DictConfig
    is_sweep: bool
    problems: Sequence[Problem] = ()
    experiment: Experiment | None = None
    sweep: Sweep | None = None


def read_command_line(
    overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE, *, multirun: bool
) -> CommandLine:
    """Composes and reads what was typed.

    Of a sweep it is only made sure that every value can be composed: its plan checks the jobs.

    Args:
        overrides: As they were typed.
        source: What they are composed from.
        multirun: Whether `-m` was typed. A recipe may be a sweep without it.

    Raises:
        ConfigError: If a folder of `source` is not there.
    """
    command_line = _read(overrides, source, multirun=multirun)
    if not command_line.problems and (command_line.is_sweep or not _swept(overrides)):
        return command_line
    problems = _explained(command_line, overrides, source)
    return replace(command_line, problems=problems, experiment=None, sweep=None)


def command_problems(
    overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE, *, multirun: bool
) -> list[Problem]:
    """Returns what is wrong with what was typed; see `read_command_line`."""
    return list(read_command_line(overrides, source, multirun=multirun).problems)


def _swept(overrides: Sequence[str]) -> list[Override]:
    return [override for override in parsed(overrides) if override.is_sweep_override()]


def _explained(
    command_line: CommandLine, overrides: Sequence[str], source: ConfigSource
) -> list[Problem]:
    """Returns the problems, each with those suggestions that have been found to work."""
    found, is_sweep = list(command_line.problems), command_line.is_sweep
    swept = _swept(overrides)
    misses_flag = bool(swept) and not is_sweep
    if misses_flag:
        found = _problems_of_jobs(overrides, source)
    tried = [
        _with_working_alternatives(problem, found, overrides, source, is_sweep=is_sweep)
        for problem in found
    ]
    if misses_flag and not any(problem.key == str(swept[0].key_or_group) for problem in found):
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        command = "" if found else _command(source, overrides)
        key, _, value = str(swept[0].input_line).partition("=")
        tried.append(Problem(key, value, expected, command or "the same with -m"))
    return tried


def flag_problems(
    flags: Sequence[str], overrides: Sequence[str], source: ConfigSource
) -> list[Problem]:
    """Explains unknown flags, such as `--epochs=3`.

    Args:
        flags: As they were typed.
        overrides: What was typed besides.
        source: What these are composed from.
    """
    expected = "one of Hydra's flags, or key=value without dashes in front"
    problems = []
    for flag in flags:
        override = flag.lstrip("-\N{EN DASH}\N{EM DASH}").replace("-", "_", 1)
        found = command_problems([*overrides, override], source, multirun=False)
        about = [problem.instead for problem in found if problem.key == override.partition("=")[0]]
        instead = about[0] if about else "" if found else override
        shown = flag or "''"
        problems.append(Problem(shown, shown, expected, instead))
    return problems


def _read(overrides: Sequence[str], source: ConfigSource, *, multirun: bool) -> CommandLine:
    first = next(variants(overrides))
    config, invalid = compose_config(first, source, with_hydra=True)
    if not (multirun or _selected(config, MODE) is RunMode.MULTIRUN):
        read = _read_config(config, overrides)
        return replace(read, problems=_unique([*invalid, *read.problems]))

    # What fits in no job is told once: to find it takes a composition for every override.
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
        problems += [*invalid, *_read_config(config, overrides).problems]
    return CommandLine(config, is_sweep=True, problems=_unique(problems))


def _unique(problems: Sequence[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _problems_of_jobs(overrides: Sequence[str], source: ConfigSource) -> list[Problem]:
    """Composes and reads representative jobs of a sweep."""
    problems = list(_read(overrides, source, multirun=True).problems)
    for chosen in [] if problems else islice(variants(overrides), MOST):
        config, _ = compose_config(chosen, source, with_hydra=True)
        problems += _read_config(config, chosen).problems
    return list(dict.fromkeys(problems))


def _with_working_alternatives(
    problem: Problem,
    found: Sequence[Problem],
    overrides: Sequence[str],
    source: ConfigSource,
    *,
    is_sweep: bool,
) -> Problem:
    """Returns the problem with those suggestions that have been found to work."""
    if found.index(problem) >= MOST:
        return problem
    others = {other.key for other in found if other.key != problem.key}
    possible = proposals(problem, overrides, others)
    if not possible:
        return problem
    working = [text for one in possible for text in _working_text(one, source, is_sweep=is_sweep)]
    if [one.text for one in possible] == working:
        return problem
    return replace(problem, instead=" or ".join(dict.fromkeys(working)))


def _working_text(proposal: Proposal, source: ConfigSource, *, is_sweep: bool) -> Iterator[str]:
    """Yields the suggestion if it works, by itself or with one more correction."""
    swept = _swept(proposal.overrides)
    if swept:
        problems = _problems_of_jobs(proposal.overrides, source)
    else:
        problems = list(_read(proposal.overrides, source, multirun=is_sweep).problems)
    if problems:
        (problem, *more) = problems
        needed = [] if more else proposals(problem, proposal.overrides, set())
        for one in needed[:1]:
            if not _problems_of_jobs(one.overrides, source):
                yield one.text
    elif swept and not is_sweep:
        yield _command(source, proposal.overrides)
    else:
        yield proposal.text


def _command(source: ConfigSource, overrides: Sequence[str]) -> str:
    return shlex.join(["altitude", *source.flags(), "-m", *overrides])


def _without_plain_values(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Keeps only the first of the values that replace a plain value: the others compose, too."""
    firsts = [(text, next(variants([text]))) for text in overrides]
    return [
        first[0] if first and _replaces_a_value(config, first[0]) else text
        for text, first in firsts
    ]


def _replaces_a_value(config: DictConfig, override: str) -> bool:
    key = override.partition("=")[0]
    try:
        value = OmegaConf.select(config, key, throw_on_missing=False)
    except OmegaConfBaseException:
        return False
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
    node = _selected(config, parent)
    plain: Any = OmegaConf.to_container(node) if isinstance(node, DictConfig) else None
    return plain.get(name) if isinstance(plain, dict) else None


def _selected(config: DictConfig, key: str) -> Any:
    """Returns the value of a key; None if it cannot be resolved."""
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None


def _read_config(config: DictConfig, overrides: Sequence[str]) -> CommandLine:
    """Reads the config of one job, and checks that its folder is writable."""
    settings = config.copy()
    with open_dict(settings), running_config(config):
        del settings["hydra"]
        output_dir, unwritable = _output_dir(config)
        read = read_config(settings, output_dir, overrides)
    problems = [*read.problems, *_settings_of_hydra(config), *unwritable]
    problems += _missing_objectives(config, read) or read.sweep_problems
    if problems:
        return CommandLine(config, is_sweep=False, problems=problems)
    return CommandLine(config, is_sweep=False, experiment=read.experiment, sweep=read.sweep)


def _missing_objectives(config: DictConfig, read: Reading) -> list[Problem]:
    if not (read.experiment and read.sweep) or _selected(config, OBJECTIVE) is None:
        return []
    return objectives_exist(read.sweep.metrics, read.experiment)


def _output_dir(config: DictConfig) -> tuple[Path, list[Problem]]:
    """Returns the folder that Hydra will create for the run, and problems with it."""
    key = "hydra.sweep.dir" if _selected(config, MODE) is RunMode.MULTIRUN else "hydra.run.dir"
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
    params = _selected(config, PARAMS)
    if not isinstance(params, DictConfig):
        return []
    return [f"{key!s}={value}" for key, value in params.items() if key not in typed]
