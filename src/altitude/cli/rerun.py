"""The command `altitude rerun`: trains a run again, and says whether it came to the same."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.cli.finished_run import add_run
from altitude.cli.reporting import FAILURE, errors_reported

if TYPE_CHECKING:
    from altitude.composition.source import ConfigSource
    from altitude.experiment import Experiment
    from altitude.records.record import RunRecord
    from altitude.records.rerun import Change
    from altitude.runs.result import RunResult

USAGE = "altitude rerun RUN [OVERRIDE ...]"

EPILOG = """Without overrides it ends with a verdict: identical to the last bit, or the first epoch
and metric that differ, with exit status 1. With overrides it is a new experiment."""


@errors_reported()
def main(arguments: Sequence[str]) -> None:
    """Runs `altitude rerun` and exits: 2 for a mistake in what was typed, 1 for a failure.

    Args:
        arguments: The words typed after `altitude rerun`.
    """
    typed = _parser().parse_intermixed_args(arguments)
    from altitude.cli.job import console_of_run, show_run
    from altitude.records.find import find_run
    from altitude.records.rerun import changes_since

    record = find_run(typed.run)
    if not typed.overrides:
        _ = record.result  # raises if there is nothing to compare with
    experiment = _composed(record, typed.overrides, typed.config_dir)
    changed = [] if typed.overrides else changes_since(record, experiment)
    for change in changed:
        print(f"not as it was  {change}")
    result = show_run(experiment, console_of_run())
    if not typed.overrides:
        _give_verdict(record, result, changed)


def _composed(record: RunRecord, overrides: Sequence[str], config_dir: str | None) -> Experiment:
    """The experiment of a run in a new folder, composed again from the overrides on record."""
    import dataclasses

    from altitude.config.reading import compose_from
    from altitude.tracking.tags import RERUN_OF

    source = _source(record, config_dir)
    experiment = compose_from([*record.overrides, *overrides], source)
    tracking = experiment.tracking.tagged(RERUN_OF, record.run_id or record.name)
    return dataclasses.replace(experiment, tracking=tracking)


def _source(record: RunRecord, config_dir: str | None) -> ConfigSource:
    """Where the run was composed from, in its working folder if that is on this machine."""
    from omegaconf import OmegaConf

    from altitude.composition.source import ConfigSource

    path = None if record.folder is None else record.folder / ".hydra" / "hydra.yaml"
    if config_dir is not None or path is None or not path.exists():
        return ConfigSource(config_dir)
    hydra = OmegaConf.load(path)
    if Path(hydra.hydra.runtime.cwd).is_dir():
        os.chdir(hydra.hydra.runtime.cwd)  # relative paths in its config start there
    return ConfigSource.of(hydra)  # type: ignore[arg-type] # a mapping


def _give_verdict(record: RunRecord, result: RunResult, changed: list[Change]) -> None:
    from altitude.records.find import find_run
    from altitude.records.rerun import UNKNOWN, change_of_data, first_difference

    difference = first_difference(record.result, result)
    if not difference:
        epochs = len(result.history)
        print(f"identical to the last bit: {epochs} epochs, scores and weights of {record.name}")
        return
    causes = [*change_of_data(record, find_run(str(result.output_dir))), *changed]
    print(f"differs from {record.name} {difference}", file=sys.stderr)
    print(f"likeliest cause  {causes[0] if causes else UNKNOWN}", file=sys.stderr)
    sys.exit(FAILURE)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="altitude rerun",
        usage=USAGE,
        description="Trains a run again from its record, in a run of its own, and says first what "
        "is not as it was: config, commit, versions, machine.",
        epilog=EPILOG,
    )
    add_run(parser)
    parser.add_argument("overrides", metavar="OVERRIDE", nargs="*", help="what changes")
    parser.add_argument("--config-dir", help="your own config groups, where the run's are not here")
    return parser
