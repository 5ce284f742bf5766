"""From the command line to a plan: every job composed and checked before the first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, open_dict

from altitude.errors import ConfigError, Problem
from altitude.experiment import Experiment
from altitude.experiment.objectives import objectives_exist
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.identity import digest
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.plan.sharing import keep_shared
from altitude.sweeps.plan.space import Compose, Space, read_spaces
from altitude.sweeps.search.proposals import Proposal
from altitude.sweeps.settings import Sweep
from altitude.tracking.tags import FORMAT

NAMED_JOBS = 3
SHARED = ("sweep", "tracking")
"""Groups of which a sweep has one choice: all its jobs are found in the same place."""


class ConfigReader(Protocol):
    """Reads what Hydra composed, as the module `altitude.config.reading` does."""

    def read_sweep(self, config: DictConfig) -> tuple[Sweep | None, list[Problem]]:
        """Returns how a sweep is run, None if that cannot be read; and all problems.

        Args:
            config: A composed config, whose values may be those of one job.

        Returns:
            The settings of the sweep, None if they cannot be read; and all problems.
        """

    def read_experiment(
        self, config: DictConfig, output_dir: Path, overrides: Sequence[str]
    ) -> tuple[Experiment | None, list[Problem]]:
        """Returns the experiment of a job, None if there are problems; and these.

        Args:
            config: The composed config of a job.
            output_dir: The folder of the job.
            overrides: The overrides that the job was composed with.

        Returns:
            The experiment, None if there are problems; and the problems.
        """


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sweep whose jobs have been found to be sound.

    Attributes:
        sweep: The settings of the sweep.
        spaces: The spaces that it searches.
        keys: The config keys that are swept.
        jobs: Jobs that stand for the spaces: for a grid, all of them.
        experiment: The first job, as an example of what they share.
        identity: Hash of the jobs and of the search.
    """

    sweep: Sweep
    spaces: Sequence[Space]
    keys: Sequence[str]
    jobs: Sequence[Job]
    experiment: Experiment
    identity: str


def plan_sweep(
    config: DictConfig,
    overrides: Sequence[str],
    compose: Composer,
    reader: ConfigReader,
    announce: Callable[[int], None] = lambda _jobs: None,
) -> Plan:
    """Composes and checks every job.

    Args:
        config: The config composed of the overrides that are not swept.
        overrides: The overrides that were typed.
        compose: Composes a job's config, with Hydra's own node.
        reader: Reads the configs.
        announce: Called with the number of jobs before they are composed, which takes a while.

    Returns:
        The jobs of the sweep, and how it is run.

    Raises:
        ConfigError: If anything is wrong with any job; it lists everything.
    """
    spaces = read_spaces(overrides, compose, compose.loader)
    keys = list(dict.fromkeys(key for space in spaces for key in space.keys))
    sweep, problems = reader.read_sweep(config)
    if sweep is None:
        raise ConfigError(problems)
    found = problems  # raised once it is known that jobs have such metrics
    problems = [_without_values(o, compose) for space in spaces for o in space.empty]
    problems += [problem for space in spaces for problem in sweep.problems_with(space)]
    problems += [_of_the_sweep(key) for key in keys if key.partition(".")[0] in SHARED]
    if problems:
        raise ConfigError(problems)
    combinations = [job for space in spaces for job in sweep.combinations(space)]
    if not sweep.dry_run:
        announce(sweep.number_of_jobs(len(combinations)))
    jobs = compose_jobs(combinations, keys, compose)
    experiment = _checked(sweep, jobs, reader)
    if found:
        raise ConfigError(found)
    settings = [FORMAT, type(sweep).__name__, sweep.search_settings(spaces)]
    identity = digest([sorted(job.identity for job in jobs), settings])
    return Plan(
        sweep=sweep,
        spaces=spaces,
        keys=keys,
        jobs=keep_shared(once(jobs)) if sweep.share else _alone(once(jobs)),
        experiment=experiment,
        identity=identity,
    )


def jobs_of(proposals: Sequence[Proposal], plan: Plan, compose: Compose) -> list[Job]:
    """Returns the jobs that a search proposes, and composes those that the plan does not have.

    Args:
        proposals: What the search proposes.
        plan: The plan, with the jobs that are composed already.
        compose: Composes the config of a job from its overrides.

    Returns:
        One job for each proposal, in the same order, with its number and callbacks.
    """
    jobs = {job.overrides: job for job in plan.jobs}
    missing = [p.overrides for p in proposals if p.overrides not in jobs]
    composed = _alone(compose_jobs(missing, plan.keys, compose))
    jobs |= {job.overrides: job for job in composed}
    return [replace(jobs[p.overrides], number=p.number, callbacks=p.callbacks) for p in proposals]


def once(jobs: Sequence[Job]) -> list[Job]:
    """Returns the jobs without those that compute the same as an earlier one.

    Args:
        jobs: The jobs of a sweep.
    """
    return list({job.identity: job for job in reversed(jobs)}.values())[::-1]


def _alone(jobs: Sequence[Job]) -> list[Job]:
    return [replace(job, trajectory=None) for job in jobs]


def _checked(sweep: Sweep, jobs: Sequence[Job], reader: ConfigReader) -> Experiment:
    """The first job's experiment, once every job has been found to be sound."""
    found: dict[Problem, list[Job]] = {}
    first: Experiment | None = None
    for job in jobs:
        experiment, problems = reader.read_experiment(_own(job.config), Path(), job.overrides)
        if experiment is not None:
            first = first or experiment
            problems = objectives_exist(sweep.metrics, experiment)
        for problem in problems:
            found.setdefault(problem, []).append(job)
    if found or first is None:
        raise ConfigError([_with_jobs(problem, bad, len(jobs)) for problem, bad in found.items()])
    return first


def _without_values(override: Override, compose: Composer) -> Problem:
    """A sweep over nothing, such as `model=glob(z*)`."""
    key = str(override.key_or_group)
    given = str(override.input_line).partition("=")[2]
    options = ", ".join(compose.loader.get_group_options(key))
    expected = f"something that matches one of {options}" if options else "one value at least"
    return Problem(key, given, expected)


def _of_the_sweep(key: str) -> Problem:
    return Problem(key, "several values", "one value, which all jobs of the sweep share")


def _with_jobs(problem: Problem, bad: Sequence[Job], total: int) -> Problem:
    """A problem, with the jobs that have it, unless all have."""
    if len(bad) == total:
        return problem
    names = ", ".join(f"{job.number} ({job.name})" for job in bad[:NAMED_JOBS])
    more = f" and {len(bad) - NAMED_JOBS} more" if len(bad) > NAMED_JOBS else ""
    jobs = "job" if len(bad) == 1 else f"{len(bad)} jobs:"
    return replace(problem, given=f"{problem.given}, in {jobs} {names}{more}")


def _own(config: DictConfig) -> DictConfig:
    with open_dict(config):
        config.pop("hydra", None)
    return config
