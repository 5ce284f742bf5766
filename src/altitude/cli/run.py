"""The command `altitude`: runs experiments and sweeps, and shows help and configs.

Imports neither TensorFlow nor MLflow, so that `--help` and Tab completion are quick.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import hydra
from hydra.core.plugins import Plugins
from hydra.types import RunMode
from omegaconf import DictConfig

from altitude.cli.arguments import read_arguments, to_arguments
from altitude.cli.help_page import wrapped_help_page
from altitude.cli.reporting import errors_reported
from altitude.composition.directory import config_directory
from altitude.composition.source import PRIMARY, ConfigSource
from altitude.internals.hydra import hydra_of_jobs, store
from altitude.internals.hydra import main as main_of_hydra
from altitude.internals.hydra_loading import CachingLoader, ComposedLoader, avoid_unused_work
from altitude.version import __version__

if TYPE_CHECKING:
    from altitude.experiment import Experiment
    from altitude.sweeps import Sweep


def job(config: DictConfig) -> float | list[float]:
    """Runs one job.

    Args:
        config: The composed config of the run, or of one job of a sweep.

    Returns:
        The value of the objective, or one for each objective.
    """
    from altitude.cli.job import run_job  # which takes longer to import than --help takes

    return run_job(config)


@errors_reported()
def main(typed: Sequence[str]) -> None:
    """Runs `altitude` and exits: 2 for a mistake in the config, 1 for a failure.

    Args:
        typed: The words typed after `altitude`.
    """
    if "--version" in typed:
        print(f"altitude {__version__}", f"Hydra {hydra.__version__}", sep="\n")
        return
    arguments, unknown = read_arguments(typed)
    if arguments.shell_completion and _completes_new(arguments):
        return
    sys.argv[1:] = to_arguments(arguments)
    _store_launchers()
    avoid_unused_work()
    if unknown or _runs_jobs(arguments):
        _run(arguments, unknown)
    else:
        with wrapped_help_page() if arguments.help else nullcontext():
            _show()


def _store_launchers() -> None:
    """Stores our launcher of that name over the one of hydra-joblib-launcher, if that is there.

    Under that one, a worker that dies takes the other jobs with it.
    """
    Plugins.instance()  # those of other packages have stored theirs by now
    node = {"_target_": "hydra_plugins.altitude_launcher.LocalLauncher", "n_jobs": -1}
    store("joblib", node, group="hydra/launcher")


def _runs_jobs(arguments: Namespace) -> bool:
    asks = (arguments.help, arguments.hydra_help, arguments.info, arguments.cfg)
    others = (arguments.shell_completion, arguments.experimental_rerun)
    return not any((*asks, *others))


def _completes_new(arguments: Namespace) -> bool:
    """Prints what may follow `altitude new`, if Tab was pressed there."""
    _, *words = os.environ.get("COMP_LINE", "").split(" ")
    if words[:1] != ["new"] or not arguments.overrides[0].startswith("query="):
        return False
    from altitude.cli.new import completions

    print(*completions(words[1:]), sep="\n")
    return True


def _show() -> None:
    """Leaves help, configs, completions and reruns to Hydra."""
    main_of_hydra(config_path=str(config_directory()), config_name=PRIMARY)(job)()


def _run(arguments: Namespace, unknown_flags: Sequence[str]) -> None:
    """Composes and checks the command line, reports all problems at once, and runs it.

    Raises:
        ConfigError: If there are problems.
    """
    from altitude.config.bare_words import explain_command
    from altitude.config.command_line import flag_problems, read_command_line
    from altitude.errors import ConfigError

    meant = explain_command(arguments.overrides)
    if meant is not None:
        raise ConfigError([meant])
    source = ConfigSource(
        arguments.config_dir, arguments.config_name or PRIMARY, arguments.config_path
    )
    overrides = arguments.overrides
    problems = flag_problems(unknown_flags, overrides, source)
    read = read_command_line(overrides, source, multirun=arguments.multirun)
    problems += read.problems
    if problems:
        raise ConfigError(problems)
    if read.experiment is not None and read.sweep is not None:
        _run_alone(read.experiment, read.sweep, read.config, source)
    else:
        _run_sweep(read.config, overrides, source)


def _run_alone(
    experiment: Experiment, sweep: Sweep, config: DictConfig, source: ConfigSource
) -> None:
    from altitude.cli.job import run_alone

    with hydra_of_jobs(ComposedLoader(source.search_path(), config)) as hydra:
        hydra.run(source.config_name, lambda _config: run_alone(experiment, sweep), [])


def _run_sweep(config: DictConfig, overrides: Sequence[str], source: ConfigSource) -> None:
    asked = config.hydra.mode is RunMode.MULTIRUN
    implied = [] if asked else [f"hydra.mode={RunMode.MULTIRUN.name}"]
    with hydra_of_jobs(CachingLoader(source.search_path())) as hydra:
        hydra.multirun(source.config_name, job, [*overrides, *implied])
