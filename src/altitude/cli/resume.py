"""The command `altitude resume`: resumes a run that was killed, or trains one for longer."""

import dataclasses
import os
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from altitude.cli.reporting import errors_reported

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from altitude.experiment import Experiment

USAGE = "altitude resume RUN [OVERRIDE ...] [--allow KEY]"

EPILOG = """A job of a sweep goes on when the sweep is launched again. Overrides may say how far or
for how long the training goes, such as loop.epochs=60 or callbacks.early_stopping.patience=5."""


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude resume` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude resume`.
    """
    typed = _parser().parse_intermixed_args(arguments)
    resume(typed.run, typed.overrides, typed.allow, typed.config_dir)


def resume(
    run: str,
    overrides: Sequence[str] = (),
    allow: Sequence[str] = (),
    config_dir: str | None = None,
) -> None:
    """Resumes a run from its newest resume point, and shows it as the run was shown.

    Args:
        run: The run to resume; see `altitude.runs.find.find_run_folder`.
        overrides: The overrides to add to those that the run began with.
        allow: Keys that may change, beyond epochs and patience.
        config_dir: The folder with the user's own config groups, for a run from another machine.

    Raises:
        ConfigError: If there is no such run, if it has no resume point, or if a setting differs.
    """
    from altitude.runs.find import find_run_folder, is_elsewhere

    if is_elsewhere(run):
        experiment = _brought_here(run, overrides, config_dir)
    else:
        folder = find_run_folder(run)
        _require_unfinished(folder)
        experiment = _recomposed(folder, overrides)
    from altitude.cli.job import console_of_run, show_run

    show_run(experiment, console_of_run(), resume=True, allow=allow)


def _brought_here(run: str, overrides: Sequence[str], config_dir: str | None) -> "Experiment":
    """The experiment of a run from another machine, in a folder with its resume point."""
    from altitude.composition.source import ConfigSource
    from altitude.config.reading import compose_from
    from altitude.experiment import new_output_dir
    from altitude.records.find import find_run
    from altitude.records.moving import bring_here

    record = find_run(run)
    experiment = compose_from([*record.overrides, *overrides], ConfigSource(config_dir))
    return experiment.in_folder(bring_here(record, new_output_dir()))


def _require_unfinished(folder: Path) -> None:
    from altitude.errors import ConfigError, Problem
    from altitude.runs.output_folder import RunFolder
    from altitude.training.resume_points import has_point

    if has_point(folder) or not RunFolder.read(folder).is_finished:
        return
    given = f"{folder}, which is finished and has kept no resume point"
    expected = "a run that was killed or has failed, or one with loop.keep_checkpoint=true"
    raise ConfigError([Problem("RUN", given, expected)])


def _recomposed(folder: Path, overrides: Sequence[str]) -> "Experiment":
    """Composes the experiment of a run once more, in the working folder where it was begun."""
    from altitude.composition.running_config import typed_overrides
    from altitude.composition.source import ConfigSource
    from altitude.config.reading import compose_from

    hydra = _hydra_of(folder)
    os.chdir(hydra.hydra.runtime.cwd)
    source = ConfigSource.of(hydra)
    experiment = compose_from([*typed_overrides(hydra.hydra), *overrides], source)
    if hydra.hydra.job.chdir:  # the store stays where the command was started
        tracking = experiment.tracking.relative_to(Path.cwd())
        experiment = dataclasses.replace(experiment, tracking=tracking)
        os.chdir(folder)
    return experiment.in_folder(folder)


def _hydra_of(folder: Path) -> "DictConfig":
    """Hydra's own settings in a run."""
    from omegaconf import OmegaConf

    from altitude.errors import ConfigError, Problem

    if (folder.parent / "multirun.yaml").exists():
        given = f"{folder}, which is a job of a sweep"
        expected = "a single run: a job goes on when the command of its sweep is typed again"
        raise ConfigError([Problem("RUN", given, expected)])
    path = folder / ".hydra" / "hydra.yaml"
    if not path.exists():
        given = f"{folder}, which has no {path.relative_to(folder)}"
        expected = "a run that was begun by the command altitude"
        instead = "altitude.run(experiment, resume=True) for one that was begun in Python"
        raise ConfigError([Problem("RUN", given, expected, instead)])
    return cast("DictConfig", OmegaConf.load(path))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude resume",
        usage=USAGE,
        description="Goes on with a run from its newest resume point, to the bits with which it "
        "would have ended undisturbed.",
        epilog=EPILOG,
    )
    parser.add_argument("run", metavar="RUN", help="`latest`, an id or its beginning, or a folder")
    parser.add_argument("overrides", metavar="OVERRIDE", nargs="*", help="what changes")
    parser.add_argument(
        "--config-dir", help="your own config groups, for a run from another machine"
    )
    parser.add_argument(
        "--allow",
        metavar="KEY",
        action="append",
        default=[],
        help="let this setting differ from what the run began with",
    )
    return parser
