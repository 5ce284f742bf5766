"""A sweep from the command line to the closing lines."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from rich.console import Console

from altitude.display.sweep import SweepDisplay
from altitude.errors import ConfigError, Problem, SweepError
from altitude.garbage_collection import without_garbage_collection
from altitude.sweeps.closing import Closing
from altitude.sweeps.commands import sweep_command
from altitude.sweeps.conductor import Conductor, opened_launcher
from altitude.sweeps.ending import ending_in_order
from altitude.sweeps.folder import sweep_folder
from altitude.sweeps.ledger import Ending, Ledger, Memory
from altitude.sweeps.outcome import Outcome, unreported
from altitude.sweeps.planning.composing import Composer
from altitude.sweeps.planning.frozen_configs import FrozenConfigs
from altitude.sweeps.planning.jobs import Job
from altitude.sweeps.planning.plan import Plan, jobs_of, once, plan_sweep
from altitude.sweeps.planning.space import Compose, short_names
from altitude.sweeps.progress import Progress
from altitude.sweeps.search.proposals import Search, Study
from altitude.sweeps.watch import Watch
from altitude.tracking.known_sweep import may_be_known
from altitude.tracking.settings import Mlflow
from altitude.tracking.store import resolve_uri

FILE_WIDTH = 160


def launch_sweep(
    config: DictConfig,
    overrides: Sequence[str],
    context: HydraContext,
    task_function: TaskFunction,
) -> None:
    """Runs the sweep that was asked for on the command line.

    Args:
        config: What Hydra composed of the overrides that are not swept, its own node included.
        overrides: As they were typed.
        context: Loads configs.
        task_function: What runs a job, given its config.

    Raises:
        ConfigError: If anything is wrong with any job; nothing was started then.
        TrackingError: If the tracking store cannot be used.
        SweepError: If jobs have failed.
        KeyboardInterrupt: If it was stopped; all that is there has been written down.
    """
    _require_experiments(config)
    compose = Composer(context.config_loader, config)
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    with without_garbage_collection(), console.status("composing and checking every job"):
        plan = plan_sweep(config, overrides, compose, lambda jobs: _announce(jobs, console))
    if plan.sweep.dry_run:
        _list(plan, console)
        return
    total = plan.sweep.number_of_jobs(len(plan.jobs))
    plan.experiment.tracking.check()
    command = sweep_command(config, overrides)
    with ending_in_order(), sweep_folder(config, plan.identity, console) as folder:
        frozen = FrozenConfigs(folder / "configs")
        early = 0 if _may_be_done(plan) else total
        with opened_launcher(config, frozen, context, task_function, early) as launcher:
            with console.status("opening the tracking store"):
                ledger = _ledger(plan, command)
            Launch(
                plan=plan,
                ledger=ledger,
                conductor=_conductor(plan, ledger, launcher, frozen, config),
                compose=compose,
                folder=folder,
                console=console,
                command=command,
            ).run()


def _require_experiments(config: DictConfig) -> None:
    """Refuses the configs of other Hydra applications.

    Raises:
        ConfigError: If jobs would be no experiments.
    """
    if "sweep" not in config or "tracking" not in config:
        expected = "the config of an experiment, with the groups `sweep` and `tracking`: "
        expected += "this sweeper runs experiments of altitude, not tasks of any other kind"
        given = "altitude, for a config that has no such groups"
        raise ConfigError([Problem("hydra/sweeper", given, expected, "hydra/sweeper=basic")])


def _may_be_done(plan: Plan) -> bool:
    """Whether an earlier launch may have left nothing to do, so that no worker is to warm up."""
    tracking = plan.experiment.tracking
    if not isinstance(tracking, Mlflow) or plan.sweep.fresh:
        return False
    return may_be_known(resolve_uri(tracking.uri), plan.identity)


def _announce(jobs: int, console: Console) -> None:
    console.print(f"sweep of {_count(jobs)}", highlight=False)


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def _conductor(
    plan: Plan, ledger: Ledger, launcher: Launcher, frozen: FrozenConfigs, config: DictConfig
) -> Conductor:
    return Conductor(
        ledger,
        launcher,
        frozen,
        retries=plan.sweep.retries,
        fail_fast=plan.sweep.fail_fast,
        batch_size=config.hydra.sweeper.max_batch_size,
    )


def _list(plan: Plan, console: Console) -> None:
    for job in plan.jobs:
        console.print(f"{job.number:>4}  {job.name}", highlight=False, soft_wrap=True)
    console.print(f"{len(plan.jobs)} jobs; none was started (sweep.dry_run=true)", highlight=False)


@without_garbage_collection()
def _ledger(plan: Plan, command: str) -> Ledger:
    tracking = plan.experiment.tracking
    if not isinstance(tracking, Mlflow):
        return Memory(plan.identity, [goal.metric for goal in plan.sweep.goals])
    from altitude.tracking.sweep_ledger import open_sweep
    from altitude.tracking.sweep_page import Presentation

    names = short_names(plan.keys).values()
    presentation = Presentation(
        title=f"sweep of {', '.join(names) or 'one job'}",
        command=command,
        goal=plan.sweep.goals[0],
        params=plan.keys,
        nested=plan.sweep.nested,
    )
    return open_sweep(tracking, plan.identity, presentation, fresh=plan.sweep.fresh)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One launch of a sweep.

    Attributes:
        plan: What was asked for.
        ledger: What is known of the jobs.
        conductor: Runs them.
        compose: Composes their configs.
        folder: The folder of this launch.
        console: Where it is shown.
        command: What was typed.
    """

    plan: Plan
    ledger: Ledger
    conductor: Conductor
    compose: Compose
    folder: Path
    console: Console
    command: str

    def run(self) -> None:
        """Runs the sweep, and closes it whatever happens.

        Raises:
            SweepError: If jobs have failed.
            KeyboardInterrupt: If it was stopped.
        """
        known = self.conductor.begin()
        search = self._search(begun=bool(known))
        progress = Progress.begin(search.total, known)
        display = SweepDisplay(self.console, self.plan.sweep.goals[0], progress)
        self._greet(search, progress.skipped)
        jobs: list[Job] = []
        try:
            heed, to_repeat = self.conductor.heed, self.conductor.to_repeat
            with Watch(self.ledger, display, progress, heed, to_repeat) as watch:
                for proposed in self._rounds(search):
                    jobs += proposed
                    watch.expect(search.total)
                    outcomes = self.conductor.run(once(proposed))
                    watch.look()
                    for job in proposed:
                        search.tell(job.number, outcomes.get(job.identity))
        except KeyboardInterrupt as interrupt:
            self._stop(interrupt, search, jobs)
            raise
        self._close(search, jobs)

    def _rounds(self, search: Search) -> Iterator[list[Job]]:
        while proposals := search.propose():
            yield jobs_of(proposals, self.plan, self.compose)

    def _search(self, *, begun: bool) -> Search:
        tracking = self.plan.experiment.tracking
        study = Study(
            sweep_id=self.ledger.sweep_id,
            tracking_uri=resolve_uri(tracking.uri) if isinstance(tracking, Mlflow) else None,
            parallel=self.conductor.parallel,
            begun=begun,
        )
        return self.plan.sweep.begin(self.plan.spaces, study)

    def _greet(self, search: Search, skipped: int) -> None:
        done = f", {skipped} of them done before: skipped" if skipped else ""
        self._say(f"sweep {self.ledger.sweep_id}: {_count(search.total)}{done}")
        if search.notice:
            self._say(search.notice)

    def _stop(self, interrupt: KeyboardInterrupt, search: Search, jobs: Sequence[Job]) -> None:
        """Has what runs elsewhere stop, and writes down what is there."""
        reason = str(interrupt) or "Ctrl-C"
        self.ledger.ask_to_stop(reason)
        self.conductor.wait_for_the_last()
        self._leave(search, jobs, "KILLED")
        self._say(f"stopped: {reason}. To go on from here: {self.command}")

    def _close(self, search: Search, jobs: Sequence[Job]) -> None:
        known = self.ledger.outcomes()
        failed = sum(outcome.status != "FINISHED" for outcome in known.values())
        failed += sum(job.identity not in known for job in jobs)
        missing = unreported(self.plan.sweep.goals, known.values())
        self._leave(search, jobs, "FAILED" if failed or missing else "FINISHED")
        if failed:
            why = f" ({self.conductor.trouble})" if self.conductor.trouble else ""
            told = f"{failed} of {search.total} jobs failed{why}"
            raise SweepError(f"{told}. To run them again: {self.command}")
        if missing:
            raise SweepError(f"{missing}. Choose one of those: sweep.objective=...")

    @without_garbage_collection()
    def _leave(self, search: Search, jobs: Sequence[Job], ending: Ending) -> None:
        known = self.ledger.outcomes()
        outcomes = sorted(known.values(), key=lambda outcome: outcome.number)
        closing = Closing(
            goals=self.plan.sweep.goals,
            outcomes=outcomes,
            jobs=list(self._known_jobs(known, search, jobs)),
            folder=self.folder,
            command=self.command,
            width=self.console.width,
        )
        with self.console.status("writing down what the sweep came to"):
            lines = list(closing.leave(self.ledger, ending))
        for line in lines:
            self._say(line)

    def _known_jobs(
        self, known: Mapping[str, Outcome], search: Search, jobs: Sequence[Job]
    ) -> Iterator[Job]:
        """The jobs that have begun, by the numbers that they began with; the best among them."""
        best = self.plan.sweep.goals[0].best(known.values())
        earlier = None if best is None else search.proposal(best.number)
        before = [] if earlier is None else jobs_of([earlier], self.plan, self.compose)
        for job in once([*self.plan.jobs, *jobs, *before]):
            if job.identity in known:
                yield replace(job, number=known[job.identity].number)

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)
