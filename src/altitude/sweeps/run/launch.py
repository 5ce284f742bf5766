"""A sweep from the command line to the last lines that it prints."""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from rich.console import Console

from altitude.errors import ConfigError, Problem, SweepError
from altitude.garbage_collection import without_garbage_collection
from altitude.sweeps.commands import sweep_command
from altitude.sweeps.job_record import JobRecord, unreported
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.plan.plan import ConfigReader, Plan, jobs_of, once, plan_sweep
from altitude.sweeps.plan.sharing import number_of_trajectories
from altitude.sweeps.plan.space import Compose, short_names
from altitude.sweeps.report.sweep_report import SweepReport
from altitude.sweeps.run.display import SweepDisplay
from altitude.sweeps.run.folder import sweep_folder
from altitude.sweeps.run.job_config_store import JobConfigStore
from altitude.sweeps.run.progress import Progress
from altitude.sweeps.run.signals import handling_signals
from altitude.sweeps.run.sweep_monitor import SweepMonitor
from altitude.sweeps.run.sweep_runner import SweepRunner, opened_launcher, retry
from altitude.sweeps.search.proposals import Search, SweepContext
from altitude.sweeps.store.known_sweep import may_be_known
from altitude.sweeps.store.sweep_store import FinalStatus, InMemorySweepStore, SweepStore
from altitude.tracking.settings import Mlflow
from altitude.tracking.store import resolve_uri

FILE_WIDTH = 160


def launch_sweep(
    config: DictConfig,
    overrides: Sequence[str],
    context: HydraContext,
    task_function: TaskFunction,
    reader: ConfigReader,
) -> None:
    """Runs the sweep of a command line.

    Args:
        config: The config composed of the overrides that are not swept, with Hydra's own node.
        overrides: The overrides that were typed.
        context: Hydra's context, which loads configs.
        task_function: Runs a job, given its config.
        reader: Reads the configs.

    Raises:
        ConfigError: If anything is wrong with any job; nothing was started then.
        TrackingError: If the tracking store cannot be used.
        SweepError: If jobs have failed.
        KeyboardInterrupt: If it was stopped; the report is written first.
    """
    _require_experiments(config)
    compose = Composer(context.config_loader, config)
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH, highlight=False)

    def announce(jobs: int) -> None:
        console.out(f"sweep of {_count(jobs)}")

    gc.freeze()  # collections need not look through what is imported, only through configs
    with console.status("composing and checking every job"):
        plan = plan_sweep(
            config, overrides, compose, reader, lambda n: console.out(f"sweep of {_count(n)}")
        )
    if plan.sweep.dry_run:
        _list(plan, console)
        return
    total = plan.sweep.number_of_jobs(len(plan.jobs))
    plan.experiment.tracking.check()
    command = sweep_command(config, overrides)
    with handling_signals(), sweep_folder(config, plan.identity, console) as folder:
        job_configs = JobConfigStore(folder / "configs")
        early = 0 if _may_be_done(plan) else total
        with opened_launcher(config, job_configs, context, task_function, early) as launcher:
            with console.status("opening the tracking store"):
                sweep_store = _sweep_store(plan, command)
            Launch(
                plan=plan,
                sweep_store=sweep_store,
                sweep_runner=_sweep_runner(plan, sweep_store, launcher, job_configs, config),
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
    """Whether an earlier launch may have finished all jobs, so that no worker should warm up."""
    tracking = plan.experiment.tracking
    if not isinstance(tracking, Mlflow) or plan.sweep.fresh:
        return False
    return may_be_known(resolve_uri(tracking.uri), plan.identity)


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def _sweep_runner(
    plan: Plan,
    sweep_store: SweepStore,
    launcher: Launcher,
    job_configs: JobConfigStore,
    config: DictConfig,
) -> SweepRunner:
    return SweepRunner(
        sweep_store,
        launcher,
        job_configs,
        retries=plan.sweep.retries,
        fail_fast=plan.sweep.fail_fast,
        batch_size=config.hydra.sweeper.max_batch_size,
    )


def _list(plan: Plan, console: Console) -> None:
    for job in plan.jobs:
        console.out(f"{job.number:>4}  {job.name}")
    jobs, trainings = f"{len(plan.jobs)} jobs", number_of_trajectories(plan.jobs)
    if trainings < len(plan.jobs):
        trajectories = "1 trajectory" if trainings == 1 else f"{trainings} trajectories"
        jobs += f", {trajectories} (jobs that differ in patience or epochs alone share one)"
    console.out(f"{jobs}; none was started (sweep.dry_run=true)")


@without_garbage_collection()
def _sweep_store(plan: Plan, command: str) -> SweepStore:
    tracking = plan.experiment.tracking
    if not isinstance(tracking, Mlflow):
        return InMemorySweepStore(plan.identity, [goal.metric for goal in plan.sweep.goals])
    from altitude.sweeps.store.mlflow_sweep_store import open_sweep
    from altitude.sweeps.store.page import Presentation

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
        plan: The jobs and the settings of the sweep.
        sweep_store: The records of the jobs.
        sweep_runner: Runs the jobs.
        compose: Composes the configs of the jobs.
        folder: The folder of this launch.
        console: The console to write to.
        command: The command that was typed.
    """

    plan: Plan
    sweep_store: SweepStore
    sweep_runner: SweepRunner
    compose: Compose
    folder: Path
    console: Console
    command: str

    def run(self) -> None:
        """Runs the sweep, and closes it in any case.

        Raises:
            SweepError: If jobs have failed.
            KeyboardInterrupt: If it was stopped.
        """
        known = self.sweep_runner.begin()
        search = self._search(begun=bool(known))
        progress = Progress.begin(search.total, known)
        display = SweepDisplay(self.console, self.plan.sweep.goals[0], progress)
        self._greet(search, progress.skipped)
        jobs: list[Job] = []
        monitor = SweepMonitor(
            self.sweep_store,
            display,
            progress,
            self.sweep_runner.stop_on_failure,
            self.sweep_runner.to_repeat,
        )
        try:
            with monitor:
                for proposed in self._rounds(search):
                    jobs += proposed
                    monitor.expect(search.total)
                    records = self.sweep_runner.run(once(proposed))
                    monitor.look()
                    for job in proposed:
                        search.tell(job.number, records.get(job.identity))
        except KeyboardInterrupt as interrupt:
            self._stop(interrupt, search, jobs)
            raise
        self._close(search, jobs)

    def _rounds(self, search: Search) -> Iterator[list[Job]]:
        while proposals := search.propose():
            yield jobs_of(proposals, self.plan, self.compose)

    def _search(self, *, begun: bool) -> Search:
        tracking = self.plan.experiment.tracking
        study = SweepContext(
            sweep_id=self.sweep_store.sweep_id,
            tracking_uri=resolve_uri(tracking.uri) if isinstance(tracking, Mlflow) else None,
            parallel=self.sweep_runner.parallel,
            begun=begun,
        )
        return self.plan.sweep.begin(self.plan.spaces, study)

    def _greet(self, search: Search, skipped: int) -> None:
        done = f", {skipped} of them done before: skipped" if skipped else ""
        self.console.out(f"sweep {self.sweep_store.sweep_id}: {_count(search.total)}{done}")
        if search.notice:
            self.console.out(search.notice)

    def _stop(self, interrupt: KeyboardInterrupt, search: Search, jobs: Sequence[Job]) -> None:
        """Stops the jobs that run elsewhere, and writes the report."""
        reason = str(interrupt) or "Ctrl-C"
        self.sweep_store.ask_to_stop(reason)
        self.sweep_runner.wait_for_the_last()
        self._report(search, jobs, "KILLED")
        self.console.out(f"stopped: {reason}. To go on from here: {self.command}")

    def _close(self, search: Search, jobs: Sequence[Job]) -> None:
        known = retry(self.sweep_store.records)
        failed = sum(record.status != "FINISHED" for record in known.values())
        failed += sum(job.identity not in known for job in jobs)
        missing = unreported(self.plan.sweep.goals, known.values())
        self._report(search, jobs, "FAILED" if failed or missing else "FINISHED")
        if failed:
            why = f" ({self.sweep_runner.trouble})" if self.sweep_runner.trouble else ""
            failures = f"{failed} of {search.total} jobs failed{why}"
            raise SweepError(f"{failures}. To run them again: {self.command}")
        if missing:
            raise SweepError(f"{missing}. Choose one of those: sweep.objective=...")

    @without_garbage_collection()
    def _report(self, search: Search, jobs: Sequence[Job], status: FinalStatus) -> None:
        known = self.sweep_store.records()
        records = sorted(known.values(), key=lambda record: record.number)
        report = SweepReport(
            goals=self.plan.sweep.goals,
            records=records,
            jobs=list(self._known_jobs(known, search, jobs)),
            folder=self.folder,
            command=self.command,
            width=self.console.width,
        )
        with self.console.status("writing down what the sweep came to"):
            lines = list(report.write(self.sweep_store, status))
        for line in lines:
            self.console.out(line)

    def _known_jobs(
        self, known: Mapping[str, JobRecord], search: Search, jobs: Sequence[Job]
    ) -> Iterator[Job]:
        """The jobs that have begun, by the numbers that they began with; the best among them."""
        best = self.plan.sweep.goals[0].best(known.values())
        earlier = None if best is None else search.proposal(best.number)
        before = [] if earlier is None else jobs_of([earlier], self.plan, self.compose)
        for job in once([*self.plan.jobs, *jobs, *before]):
            if job.identity in known:
                yield replace(job, number=known[job.identity].number)
