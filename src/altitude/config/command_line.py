"""What is wrong with a command line, before Hydra looks at it."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.composition.source import DEFAULT_SOURCE, ConfigSource
from altitude.config.composing import compose_config, variants
from altitude.config.proposals import Proposal, proposals
from altitude.config.reading import read_experiment, read_sweep
from altitude.config.unread import parsed
from altitude.errors import Problem
from altitude.experiment import new_output_dir
from altitude.experiment.folders import folder_problems
from altitude.experiment.metrics import objectives_exist
from altitude.sweeps.plan.space import PARAMS

OBJECTIVE = "sweep.objective"
MODE = "hydra.mode"
MOST = 8
"""How many problems have what they propose tried, and how many jobs of a sweep stand for all."""


def command_problems(
    overrides: Sequence[str], source: ConfigSource = DEFAULT_SOURCE, *, multirun: bool
) -> list[Problem]:
    """Composes what was typed, and checks it; and what the problems that it finds propose.

    Of a sweep it is only made sure that every value can be composed: its jobs are checked when all
    of them are.

    Args:
        overrides: As they were typed.
        source: What they are composed from.
        multirun: Whether `-m` was typed. A recipe may be a sweep without it.

    Raises:
        ConfigError: If a folder of `source` is not there.
    """
    found, is_sweep = _problems(overrides, source, multirun=multirun)
    swept = [o for o in parsed(overrides) if o.is_sweep_override()]
    misses_flag = bool(swept) and not is_sweep
    if misses_flag:
        found = _problems_of_jobs(overrides, source)
    tried = [_tried(problem, found, overrides, source, is_sweep=is_sweep) for problem in found]
    if misses_flag and not any(problem.key == str(swept[0].key_or_group) for problem in found):
        expected = "one value; several of them are a sweep, which needs -m (--multirun)"
        command = "" if found else _command(source, overrides)
        key, _, value = str(swept[0].input_line).partition("=")
        tried.append(Problem(key, value, expected, command or "the same with -m"))
    return tried


def flag_problems(
    flags: Sequence[str], overrides: Sequence[str], source: ConfigSource
) -> list[Problem]:
    """What was meant by flags that nobody knows, such as `--epochs=3`.

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


def _problems(
    overrides: Sequence[str], source: ConfigSource, *, multirun: bool
) -> tuple[list[Problem], bool]:
    """All problems, and whether it is a sweep."""

    def composed(chosen: Sequence[str]) -> tuple[DictConfig, list[Problem]]:
        return compose_config(chosen, source, with_hydra=True)

    config, invalid_overrides = composed(next(variants(overrides)))
    is_sweep = multirun or _selected(config, MODE) is RunMode.MULTIRUN
    if is_sweep:
        # What fits in no job is told once: to find it takes a composition for every override.
        never = {problem.key for problem in invalid_overrides}
        fitting = [o for o in overrides if not any(o.lstrip("+~").startswith(k) for k in never)]
        swept = [*_brought_along(config, fitting), *fitting]
        choices = _without_plain_values(config, swept)
        wrong = [*invalid_overrides, *_settings_of_hydra(config)]
        if not (wrong or any(composed(chosen)[1] for chosen in variants(choices))):
            return [], is_sweep
        found = [(config, invalid_overrides), *(composed(chosen) for chosen in variants(swept))]
    else:
        found = [(config, invalid_overrides)]
    problems = [p for config, invalid in found for p in [*invalid, *_misread(config, overrides)]]
    return list(dict.fromkeys(problems)), is_sweep


def _problems_of_jobs(overrides: Sequence[str], source: ConfigSource) -> list[Problem]:
    """Problems of jobs that stand for those of a sweep, their values included."""
    problems, _ = _problems(overrides, source, multirun=True)
    for chosen in [] if problems else islice(variants(overrides), MOST):
        config, _ = compose_config(chosen, source, with_hydra=True)
        problems += _misread(config, chosen)
    return list(dict.fromkeys(problems))


def _tried(
    problem: Problem,
    found: Sequence[Problem],
    overrides: Sequence[str],
    source: ConfigSource,
    *,
    is_sweep: bool,
) -> Problem:
    """The problem, with those of its proposals that work."""
    if found.index(problem) >= MOST:
        return problem
    others = {other.key for other in found if other.key != problem.key}
    possible = proposals(problem, overrides, others)
    if not possible:
        return problem
    working = [text for one in possible for text in _working(one, source, is_sweep=is_sweep)]
    if [one.text for one in possible] == working:
        return problem
    return replace(problem, instead=" or ".join(dict.fromkeys(working)))


def _working(proposal: Proposal, source: ConfigSource, *, is_sweep: bool) -> Iterator[str]:
    """What to write, if a proposal works: by itself, or with what it needs in turn."""
    swept = any(o.is_sweep_override() for o in parsed(proposal.overrides))
    if swept:
        problems = _problems_of_jobs(proposal.overrides, source)
    else:
        problems, _ = _problems(proposal.overrides, source, multirun=is_sweep)
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
    """The overrides, with the first value alone where any value would compose: it replaces one."""
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
    """Settings of Hydra's own that a sweep is planned with, and that Hydra does not check."""
    problems = []
    mode, params = _written(config, MODE), _written(config, PARAMS)
    if isinstance(mode, str):
        problems.append(Problem(MODE, mode, "RUN or MULTIRUN", f"{MODE}=RUN"))
    if not isinstance(params, dict | None):
        problems.append(Problem(PARAMS, str(params), "a mapping of keys to what is swept"))
    return problems


def _written(config: DictConfig, key: str) -> Any:
    """What a key of Hydra's own holds, interpolations as they are written."""
    parent, _, name = key.rpartition(".")
    node = _selected(config, parent)
    plain: Any = OmegaConf.to_container(node) if isinstance(node, DictConfig) else None
    return plain.get(name) if isinstance(plain, dict) else None


def _selected(config: DictConfig, key: str) -> Any:
    """What a key holds; None also where it is an interpolation that leads nowhere."""
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None


def _folder_of_hydra(config: DictConfig) -> list[Problem]:
    key = "hydra.sweep.dir" if _selected(config, MODE) is RunMode.MULTIRUN else "hydra.run.dir"
    try:
        return folder_problems(key, str(OmegaConf.select(config, key)))
    except OmegaConfBaseException:
        return []  # Hydra itself says what is wrong with an interpolation of its own


def _misread(config: DictConfig, overrides: Sequence[str]) -> list[Problem]:
    """What cannot be read of a config that could be composed, or written where it says."""
    unwritable = [*_settings_of_hydra(config), *_folder_of_hydra(config)]
    with open_dict(config):
        del config["hydra"]
    experiment, problems = read_experiment(config, new_output_dir(), overrides)
    problems += unwritable
    if "sweep" not in config:
        return problems
    sweep, found = read_sweep(config)
    if experiment is None or sweep is None or OmegaConf.select(config, OBJECTIVE) is None:
        return problems + found
    return problems + (objectives_exist(sweep.metrics, experiment) or found)


def _brought_along(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """The space that a recipe brings, where the command line does not say otherwise."""
    typed = {override.partition("=")[0] for override in overrides}
    params = _selected(config, PARAMS)
    if not isinstance(params, DictConfig):
        return []
    return [f"{key!s}={value}" for key, value in params.items() if key not in typed]
