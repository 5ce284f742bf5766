"""A sweep from the command line to the closing lines."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from rich.console import Console

from altitude.display.sweep import SweepDisplay
from altitude.errors import SweepError
from altitude.sweeps.closing import Closing, sweep_command
from altitude.sweeps.composing import Composer
from altitude.sweeps.conductor import Conductor, launcher_of
from altitude.sweeps.ending import ending_in_order
from altitude.sweeps.jobs import Job
from altitude.sweeps.ledger import Ending, Ledger, Memory
from altitude.sweeps.planning import FrozenConfigs, Plan, jobs_of, plan_sweep
from altitude.sweeps.search import Search, Study
from altitude.sweeps.space import Compose, short_names
from altitude.sweeps.watch import Watch
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
    compose = Composer(context.config_loader, config)
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    plan = plan_sweep(config, overrides, compose)
    if plan.sweep.dry_run:
        return _list(plan, console)
    plan.experiment.tracking.check()
    folder = Path(str(config.hydra.sweep.dir)).absolute()
    frozen = FrozenConfigs(folder / "configs")
    with ending_in_order():
        command = sweep_command(config, overrides)
        launcher = launcher_of(config, frozen, context, task_function)
        ledger = _ledger(plan, command)
        conductor = Conductor(
            ledger,
            launcher,
            frozen,
            retries=plan.sweep.retries,
            fail_fast=plan.sweep.fail_fast,
            batch_size=config.hydra.sweeper.max_batch_size,
        )
        try:
            Launch(
                plan=plan,
                ledger=ledger,
                conductor=conductor,
                compose=compose,
                folder=folder,
                console=console,
                command=command,
            ).run()
        finally:
            conductor.close()


def _list(plan: Plan, console: Console) -> None:
    for job in plan.jobs:
        console.print(f"{job.number:>4}  {job.name}", highlight=False, soft_wrap=True)
    console.print(f"{len(plan.jobs)} jobs; none was started (sweep.dry_run=true)", highlight=False)


def _ledger(plan: Plan, command: str) -> Ledger:
    tracking = plan.experiment.tracking
    if not isinstance(tracking, Mlflow):
        return Memory(plan.identity, [goal.metric for goal in plan.sweep.goals])
    from altitude.tracking.sweep_ledger import Presentation, open_sweep

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
        search = self._search()
        known = self.conductor.begin()
        skipped = sum(outcome.status == "FINISHED" for outcome in known.values())
        display = SweepDisplay(self.console, self.plan.sweep.goals[0], search.total, skipped)
        self._greet(search.total, skipped)
        jobs: list[Job] = []
        try:
            heed = self.conductor.heed
            with Watch(self.ledger, display, search.total, skipped, heed) as watch:
                for proposed in self._rounds(search):
                    jobs += proposed
                    outcomes = self.conductor.run(proposed)
                    watch.look()
                    for job in proposed:
                        search.tell(job.number, outcomes.get(job.identity))
        except KeyboardInterrupt as interrupt:
            self._stop(interrupt, jobs)
            raise
        self._close(jobs, search.total)

    def _rounds(self, search: Search) -> Iterator[list[Job]]:
        while proposals := search.propose():
            yield jobs_of(proposals, self.plan.keys, self.compose)

    def _search(self) -> Search:
        tracking = self.plan.experiment.tracking
        study = Study(
            sweep_id=self.ledger.sweep_id,
            tracking_uri=resolve_uri(tracking.uri) if isinstance(tracking, Mlflow) else None,
            parallel=self.conductor.parallel,
        )
        return self.plan.sweep.begin(self.plan.spaces, study)

    def _greet(self, total: int, skipped: int) -> None:
        done = f", {skipped} of them done before: skipped" if skipped else ""
        self.console.print(
            f"sweep {self.ledger.sweep_id}: {total} jobs{done}", highlight=False, soft_wrap=True
        )

    def _stop(self, interrupt: KeyboardInterrupt, jobs: Sequence[Job]) -> None:
        """Has what runs elsewhere stop, and writes down what is there."""
        reason = str(interrupt) or "Ctrl-C"
        self.ledger.ask_to_stop(reason)
        self.conductor.wait_for_the_last()
        self._leave(jobs, "KILLED")
        self._say(f"stopped: {reason}. To go on from here: {self.command}")

    def _close(self, jobs: Sequence[Job], total: int) -> None:
        outcomes = self.ledger.outcomes().values()
        open_jobs = total - sum(outcome.status == "FINISHED" for outcome in outcomes)
        self._leave(jobs, "FAILED" if open_jobs else "FINISHED")
        if open_jobs:
            why = f" ({self.conductor.trouble})" if self.conductor.trouble else ""
            told = f"{open_jobs} of {total} jobs failed{why}"
            raise SweepError(f"{told}. To run them again: {self.command}")

    def _leave(self, jobs: Sequence[Job], ending: Ending) -> None:
        outcomes = sorted(self.ledger.outcomes().values(), key=lambda outcome: outcome.number)
        closing = Closing(
            goals=self.plan.sweep.goals,
            outcomes=outcomes,
            jobs=[*self.plan.jobs, *jobs],
            folder=self.folder,
            command=self.command,
        )
        for line in closing.leave(self.ledger, ending):
            self._say(line)

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)
