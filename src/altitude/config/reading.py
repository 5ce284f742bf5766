"""Reads composed configs: the only module that does."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from altitude.calls.nodes import read_object
from altitude.composition.source import ConfigSource
from altitude.config.composing import compose_config
from altitude.config.impossible_values import impossible_values
from altitude.errors import ConfigError, Problem
from altitude.experiment import Experiment, new_output_dir
from altitude.experiment.callbacks import resolve_callbacks
from altitude.experiment.parts import read_parts
from altitude.experiment.rules import broken_rules, plateau_after_stopping
from altitude.sweeps import Sweep
from altitude.sweeps.following import follow_metrics


@dataclass(frozen=True)
class Reading:
    """The result of reading a config.

    Attributes:
        experiment: The experiment; None if there are problems with it.
        problems: The problems of the experiment.
        sweep: The settings of a sweep; None if it cannot be read. It lacks directions if there are
            problems with it.
        sweep_problems: The problems of the sweep.
    """

    experiment: Experiment | None
    problems: list[Problem]
    sweep: Sweep | None
    sweep_problems: list[Problem]


def compose(overrides: Sequence[str] = (), *, config_dir: str | Path | None = None) -> Experiment:
    """Composes an experiment, as the command line does.

    Args:
        overrides: The overrides as typed after `altitude`, such as `["loop=tape", "seed=7"]`.
        config_dir: A folder with config groups of your own.

    Returns:
        The experiment, ready for `altitude.run`.

    Raises:
        ConfigError: If anything is wrong with the overrides or their values; it lists everything.

    Example:
        >>> import altitude
        >>> experiment = altitude.compose(["dataset=digits", "loop=tape", "loop.epochs=3"])
        >>> experiment.loop.epochs
        3
    """
    return compose_from(overrides, ConfigSource(config_dir))


def compose_from(overrides: Sequence[str], source: ConfigSource) -> Experiment:
    """Composes an experiment from other folders than `compose` does.

    Args:
        overrides: The overrides, as on the command line.
        source: The folders to compose from.

    Returns:
        The experiment, with a new output folder.

    Raises:
        ConfigError: If anything is wrong with the overrides or their values; it lists everything.
    """
    config, invalid_overrides = compose_config(overrides, source)
    reading = read_config(config, new_output_dir(), overrides)
    if reading.experiment is None or invalid_overrides:
        raise ConfigError([*invalid_overrides, *reading.problems])
    warn_about_useless_settings(reading.experiment)
    return reading.experiment


def read_config(config: DictConfig, output_dir: Path, overrides: Sequence[str]) -> Reading:
    """Reads a composed config.

    Args:
        config: The composed config, without Hydra's own node.
        output_dir: The folder of the run.
        overrides: The overrides that it was composed with.

    Returns:
        The experiment and the sweep, each None if it cannot be read, and all problems.
    """
    settings, problems = _plain_settings(config, output_dir)
    damaged = {problem.key.partition(".")[0] for problem in problems}
    sound = {group: node for group, node in settings.items() if group not in damaged}
    parts, found = read_parts(sound)
    problems += found
    experiment = None
    if problems:
        problems += _problems_of_partial(parts, output_dir)
    else:
        experiment, problems = _experiment(parts, output_dir, overrides)
    return Reading(experiment, problems, *_read_sweep(settings, parts))


def _experiment(
    parts: dict[str, Any], output_dir: Path, overrides: Sequence[str]
) -> tuple[Experiment | None, list[Problem]]:
    try:
        return Experiment(**parts, output_dir=output_dir, overrides=tuple(overrides)), []
    except ConfigError as error:
        return None, list(error.problems)


def _problems_of_partial(parts: dict[str, Any], output_dir: Path) -> list[Problem]:
    """Applies the rules to those parts that could be read."""
    if {"callbacks", "objective"} <= parts.keys():
        callbacks, objective = parts["callbacks"], parts["objective"]
        filled = resolve_callbacks(callbacks, output_dir, objective, parts.get("loop"))
        parts = parts | {"callbacks": filled}
    return broken_rules(parts)


def read_sweep(config: DictConfig) -> tuple[Sweep | None, list[Problem]]:
    """Reads the settings of a sweep.

    Args:
        config: The composed config; groups other than `sweep`, `objective` and `loop` are not read.

    Returns:
        The settings, or None if they cannot be read; and all problems. If there are any, the
        settings lack directions.
    """
    settings: dict[str, Any] = {}
    problems: list[Problem] = []
    for group in ("sweep", "objective", "loop"):  # of others, the values may be those of jobs
        try:
            node = config[group]
            nested = OmegaConf.is_config(node)
            settings[group] = OmegaConf.to_container(node, resolve=True) if nested else node
        except OmegaConfBaseException as error:
            problems.append(_unresolved(group, error))
    parts, found = read_parts({g: settings[g] for g in ("objective", "loop") if g in settings})
    sweep, unread = _read_sweep(settings, parts)
    return sweep, [*unread, *([] if sweep else [*problems, *found])]


def read_experiment(
    config: DictConfig, output_dir: Path, overrides: Sequence[str]
) -> tuple[Experiment | None, list[Problem]]:
    """Returns the experiment and the problems that `read_config` finds.

    Args:
        config: The composed config.
        output_dir: The folder of the run.
        overrides: The overrides that it was composed with.

    Returns:
        The experiment, None if there are problems; and the problems.
    """
    reading = read_config(config, output_dir, overrides)
    return reading.experiment, reading.problems


def warn_about_useless_settings(experiment: Experiment) -> None:
    """Warns about settings that are valid but have no effect.

    Args:
        experiment: The experiment, which is valid.
    """
    warning = plateau_after_stopping(experiment.callbacks)
    if warning:
        warnings.warn(warning, stacklevel=2)


def _read_sweep(
    settings: dict[str, Any], parts: dict[str, Any]
) -> tuple[Sweep | None, list[Problem]]:
    if "sweep" not in settings:
        return None, []
    sweep, problems = read_object("sweep", settings["sweep"], (Sweep,))
    if sweep is None or "objective" not in parts:
        return None, problems
    return follow_metrics(sweep, parts["objective"], parts.get("loop"))


def _plain_settings(config: DictConfig, output_dir: Path) -> tuple[dict[str, Any], list[Problem]]:
    with open_dict(config):
        config.output_dir = str(output_dir)
    problems: list[Problem] = []
    try:
        missing = sorted(OmegaConf.missing_keys(config))
        problems = [Problem(key, "nothing", "a value", f"{key}=...") for key in missing]
        settings = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "config"
        return {}, [*problems, _unresolved(key, error)]
    plain = dict(cast("dict[str, Any]", settings))
    return plain, [*problems, *impossible_values(plain)]


def _unresolved(key: str, error: OmegaConfBaseException) -> Problem:
    return Problem(key, "an interpolation", str(error).splitlines()[0])
