"""One run: by itself, or as a job of a sweep."""

import dataclasses
import logging
import math
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.console import Console

from altitude.composition.running_config import typed_overrides
from altitude.config.reading import read_config, warn_about_useless_settings
from altitude.display.links import linked
from altitude.errors import ConfigError, ExitError
from altitude.experiment import Experiment
from altitude.runs.closing import closing_table
from altitude.runs.composition_tree import composition_tree
from altitude.runs.output_folder import RunFolder
from altitude.runs.result import RunResult
from altitude.runs.resume import require_same_settings
from altitude.runs.runner import run
from altitude.runs.sharing import continue_training
from altitude.session import requeued_when_preempted
from altitude.sweeps import Sweep
from altitude.tracking.tags import CONTINUES
from altitude.training.graphs import GraphCache
from altitude.training.resume_points import newest_point
from altitude.training.state import StateError

FILE_WIDTH = 160
LOG_FILE = "altitude.log"

Scores = float | list[float]
"""The objective of a run; several, if several were asked for."""


def run_alone(experiment: Experiment, sweep: Sweep) -> Scores:
    """Runs an experiment and shows it in the terminal.

    Args:
        experiment: The experiment to run.
        sweep: The sweep, whose objectives are returned.

    Returns:
        `sweep.objective` of the run; NaN if it has no such metric.
    """
    return _run(experiment, sweep, console_of_run())


def run_job(config: DictConfig) -> Scores:
    """Runs the experiment of a config; a job of a sweep writes to its log, not to the terminal.

    Args:
        config: The composed config, without Hydra's own node.

    Returns:
        `sweep.objective` of the run; NaN if it has no such metric.

    Raises:
        ConfigError: If anything is wrong with the config.
    """
    output_dir = Path(HydraConfig.get().runtime.output_dir)
    if HydraConfig.get().mode is not RunMode.MULTIRUN:
        return run_alone(*_read(config, output_dir))
    log_file = output_dir / LOG_FILE
    with requeued_when_preempted(), _launch_folder(), log_file.open("a") as log:
        try:
            experiment, sweep = _read(config, output_dir)
            console = Console(file=log, width=FILE_WIDTH)
            return _run(experiment, sweep, console, graphs_of_process())
        except Exception:
            logging.getLogger(__name__).exception("the job failed")
            raise


def _interrupted(experiment: Experiment, console: Console) -> Experiment | None:
    """A job of a sweep in the folder in which it was killed; None if it cannot go on."""
    for folder in experiment.tracking.interrupted_folders():
        with suppress(FileNotFoundError, StateError, ConfigError):
            require_same_settings(newest_point(folder), experiment)
            console.print(f"going on in {folder}", soft_wrap=True, highlight=False, markup=False)
            return experiment.in_folder(folder)
    return None


def _continued(experiment: Experiment, console: Console) -> Experiment | None:
    """A job of a sweep in whose folder another one's training goes on; None if there is none."""
    folder = experiment.output_dir
    if RunFolder.read(folder).is_taken:
        return None
    for run_id, source in experiment.tracking.shared_trainings():
        with suppress(FileNotFoundError, StateError):
            continue_training(source, folder)
            console.print(f"continuing the training of run {run_id}", highlight=False)
            tracking = experiment.tracking.tagged(CONTINUES, run_id)
            return dataclasses.replace(experiment, tracking=tracking)
    return None


def console_of_run() -> Console:
    """Returns a console on standard output.

    Lines are not wrapped in a file, so that paths and commands stay whole.
    """
    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)


def show_run(
    experiment: Experiment, console: Console, *, resume: bool = False, **arguments: Any
) -> RunResult:
    """Shows the composition of an experiment, runs it, and shows its closing table.

    Args:
        experiment: The experiment to run.
        console: The console to write to.
        resume: Whether to continue from its resume point.
        **arguments: Further arguments of `altitude.run`.

    Returns:
        The result of the run.
    """
    console.quiet = not experiment.strategy.is_chief
    console.print(composition_tree(experiment))
    with _exit_as_error():
        result = run(experiment, console=console, resume=resume, **arguments)
    table = linked(closing_table(result), result.model_path)
    console.print(table, soft_wrap=True, highlight=False)
    return result


def _read(config: DictConfig, output_dir: Path) -> tuple[Experiment, Sweep]:
    read = read_config(config, output_dir, typed_overrides(HydraConfig.get()))
    problems = [*read.problems, *read.sweep_problems]
    if read.experiment is None or read.sweep is None or problems:
        raise ConfigError(problems)
    return read.experiment, read.sweep


@cache
def graphs_of_process() -> GraphCache:
    """Returns the graphs that the jobs of a sweep share in this process."""
    return GraphCache()


def _launch_folder() -> AbstractContextManager[None]:
    """Resolves relative paths against the folder in which the sweep was launched.

    A cluster may start its workers elsewhere, or on a machine that has no such folder.

    Returns:
        A context manager.
    """
    launched_in = Path(HydraConfig.get().runtime.cwd)
    if HydraConfig.get().job.chdir or not launched_in.is_dir():
        return nullcontext()
    return chdir(launched_in)


def _run(
    experiment: Experiment, sweep: Sweep, console: Console, graphs: GraphCache | None = None
) -> Scores:
    warn_about_useless_settings(experiment)
    if HydraConfig.get().job.chdir:  # the store stays where the command was started
        started_in = Path(HydraConfig.get().runtime.cwd)
        tracking = experiment.tracking.relative_to(started_in)
        experiment = dataclasses.replace(experiment, tracking=tracking)
    ranked = [goal.metric for goal in sweep.goals] if graphs is not None else []
    begun = _interrupted(experiment, console) or _continued(experiment, console)
    resume = begun is not None
    result = show_run(begun or experiment, console, resume=resume, graphs=graphs, results=ranked)
    scores = [_score(result, goal.metric) for goal in sweep.goals]
    return scores if len(scores) > 1 else scores[0]


@contextmanager
def _exit_as_error() -> Iterator[None]:
    """Turns `sys.exit` in a run, also with status 0, into an error.

    Raises:
        ExitError: In place of `SystemExit`.
    """
    try:
        yield
    except SystemExit as leaving:
        message = (
            f"sys.exit({leaving.code!r}) was called in the run: a callback ends a training with "
            "self.model.stop_training = True"
        )
        raise ExitError(message) from leaving


def _score(result: RunResult, metric: str) -> float:
    """Returns a final metric, or the last value reported of a metric that has no final one."""
    reported = [v for v in result.metrics_by_epoch.get(metric, []) if not math.isnan(v)]
    return float(result.metrics.get(metric, reported[-1] if reported else math.nan))
