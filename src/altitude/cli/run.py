"""The command `altitude`: Hydra's command line, with errors that teach.

Imports neither TensorFlow nor MLflow, so that `--help` and Tab completion are quick.
"""

import gc
import os
import sys
import warnings
from argparse import Namespace
from collections.abc import Sequence
from contextlib import nullcontext

import hydra
from hydra.core.plugins import Plugins
from omegaconf import DictConfig

from altitude.cli.arguments import as_typed, read_arguments
from altitude.cli.help_page import help_page_as_wide_as_the_terminal
from altitude.cli.reporting import report, report_interruption, show_warning
from altitude.composition.directory import config_directory
from altitude.internals.hydra import main as main_of_hydra
from altitude.internals.hydra import store
from altitude.internals.hydra_loading import avoid_unused_work
from altitude.version import __version__


@main_of_hydra(config_path=str(config_directory()), config_name="config")
def job(config: DictConfig) -> float | list[float]:
    """Runs one job. Hydra pickles this function by value: it must stay this small."""
    from altitude.cli.job import run_job

    return run_job(config)


def main() -> None:
    """Runs the command line and exits: 2 for a mistake in the config, 1 for a failure."""
    if sys.argv[1:2] == ["new"]:
        from altitude.cli.new import main as new

        return new(sys.argv[2:])
    if sys.argv[1:2] == ["resume"]:
        return _resume(sys.argv[2:])
    if "--version" in sys.argv[1:]:
        print(f"altitude {__version__}", f"Hydra {hydra.__version__}", sep="\n")
        return None
    full_error = os.environ.get("HYDRA_FULL_ERROR") == "1"
    warnings.showwarning = show_warning
    try:
        arguments, unknown = read_arguments(sys.argv[1:])
        if arguments.shell_completion and _completes_new(arguments):
            return None
        sys.argv[1:] = as_typed(arguments)
        _store_launchers()
        avoid_unused_work()
        if unknown or _runs_jobs(arguments):
            _check(arguments, unknown)
        # Hydra would print errors in its own way and exit with 1.
        os.environ["HYDRA_FULL_ERROR"] = "1"
        with help_page_as_wide_as_the_terminal() if arguments.help else nullcontext():
            job()
        gc.freeze()  # Python need not look through all of TensorFlow before it ends
    except KeyboardInterrupt as interrupt:
        report_interruption(interrupt)
    except Exception as error:
        if full_error:
            raise
        report(error)


def _resume(arguments: Sequence[str]) -> None:
    from altitude.cli.resume import main

    warnings.showwarning = show_warning
    try:
        main(arguments)
        gc.freeze()
    except KeyboardInterrupt as interrupt:
        report_interruption(interrupt)
    except Exception as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        report(error)


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


def _check(arguments: Namespace, unknown_flags: Sequence[str]) -> None:
    """Composes and checks everything before Hydra starts, so that all problems come at once."""
    from altitude.composition.source import PRIMARY, ConfigSource
    from altitude.config.command_line import command_problems, flag_problems
    from altitude.errors import ConfigError

    source = ConfigSource(
        arguments.config_dir, arguments.config_name or PRIMARY, arguments.config_path
    )
    problems = flag_problems(unknown_flags, arguments.overrides, source)
    problems += command_problems(arguments.overrides, source, multirun=arguments.multirun)
    if problems:
        raise ConfigError(problems)
