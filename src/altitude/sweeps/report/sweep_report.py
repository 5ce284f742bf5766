"""The results of a sweep: on screen, in the sweep's folder, and in MLflow."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from altitude.composition.source import ConfigSource
from altitude.sweeps.commands import training_command
from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.report.best_experiment import experiment_file
from altitude.sweeps.report.leaderboard import (
    LeaderboardEntry,
    as_markdown,
    as_text,
    lead,
    leaderboard,
    markdown_table,
    write_csv,
)
from altitude.sweeps.store.sweep_store import FinalStatus, SweepResult, SweepStore

SHOWN = 10
LABEL_WIDTH = 16


@dataclass(frozen=True, kw_only=True)
class BestJob:
    """The best job of a sweep, ready to be used.

    Attributes:
        record: The record of the job.
        command: The command that trains it again.
        model: The path of its model; None if it cannot be downloaded.
        experiment: The path of its config, as a recipe.
    """

    record: JobRecord
    command: str
    model: Path | None
    experiment: Path | None


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """The report of a sweep.

    Attributes:
        goals: The metrics that rank its jobs.
        records: The records of its jobs.
        jobs: The jobs that this launch has composed.
        folder: The folder of this launch.
        command: The command that runs the sweep, or resumes it.
        width: The width of the screen, in columns.
    """

    goals: Sequence[Goal]
    records: Sequence[JobRecord]
    jobs: Sequence[Job]
    folder: Path
    command: str
    width: int | None = None

    def write(self, sweep_store: SweepStore, status: FinalStatus) -> Iterator[str]:
        """Writes the files and closes the store.

        Args:
            sweep_store: The store of the sweep.
            status: How the sweep ended, as MLflow names it.

        Yields:
            Lines for the screen.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        entries = leaderboard(self.records, self.goals)
        best_job = self._best_job(entries, sweep_store)
        files = [*self._tables(entries), *self._pictures(sweep_store)]
        if best_job is not None:
            files += [path for path in (best_job.model, best_job.experiment) if path is not None]
        result = SweepResult(
            status=status,
            metrics={} if best_job is None else best_job.record.metrics,
            files=files,
            note=self._note(entries, best_job),
            best=None if best_job is None else best_job.record.run_id,
        )
        sweep_store.close(result)
        yield from self._text(entries, best_job)
        if sweep_store.how_to_open:
            yield _row("open", sweep_store.how_to_open)

    def _best_job(
        self, entries: Sequence[LeaderboardEntry], sweep_store: SweepStore
    ) -> BestJob | None:
        if not entries or math.isnan(entries[0].mean):
            return None
        best = entries[0].best
        job = next((job for job in self.jobs if job.number == best.number), None)
        return BestJob(
            record=best,
            command="" if job is None else training_command(job),
            model=sweep_store.model_of(best, self.folder),
            experiment=None if job is None else self._experiment(job),
        )

    def _experiment(self, job: Job) -> Path:
        path = self.folder / "best_experiment.yaml"
        header = f"The best job of `{self.command}`: {job.name}"
        config = job.config
        choices: Any = OmegaConf.to_container(config.hydra.runtime.choices)
        folder = ConfigSource.of(config).config_dir
        path.write_text(experiment_file(config, choices, header, folder))
        return path

    def _tables(self, entries: Sequence[LeaderboardEntry]) -> Iterator[Path]:
        table = self.folder / "leaderboard.csv"
        write_csv(entries, table)
        yield table
        text = self.folder / "leaderboard.md"
        text.write_text(as_markdown(entries, limit=len(entries)) + "\n")
        yield text

    def _pictures(self, sweep_store: SweepStore) -> list[Path]:
        from altitude.sweeps.report.pictures import draw_sweep

        metric = self.goals[0].metric.removeprefix("best_")
        histories = sweep_store.histories(metric)
        return draw_sweep(self.records, histories, self.goals[0], self.folder)

    def _note(self, entries: Sequence[LeaderboardEntry], best_job: BestJob | None) -> str:
        headline = f"**{lead(entries)}**"  # the UI first shows the beginning of a long note
        parts = [headline, f"`{self.command}`", markdown_table(entries, limit=SHOWN)]
        if best_job is not None:
            parts += [
                _artifacts(best_job),
                f"Train it again: `{best_job.command}`" if best_job.command else "",
            ]
        failures = [f"- {line}" for line in self._failures()]
        parts += ["**Failed:**\n\n" + "\n".join(failures)] if failures else []
        return "\n\n".join(filter(None, parts))

    def _text(self, entries: Sequence[LeaderboardEntry], best_job: BestJob | None) -> Iterator[str]:
        yield as_text(entries, SHOWN, self.width) if entries else "no job has finished"
        failures = list(self._failures())
        if failures:
            yield "\n".join(["", "failed", *(f"  {line}" for line in failures)])
        yield ""
        if best_job is not None:
            yield from _rows(best_job)

    def _failures(self) -> Iterator[str]:
        for record in self.records:
            if record.status in ("FAILED", "KILLED"):
                reason = record.reason.partition("\n")[0]
                name = f", {record.name}" if record.name else ""
                yield f"job {record.number}{name}: {record.status}, {reason}"


def _artifacts(best_job: BestJob) -> str:
    """What there is of the best job among the artifacts of the sweep's own run."""
    model, config = best_job.model, best_job.experiment
    there = [] if model is None else [f"the {_label(model)}, `{model.name}`"]
    there += [] if config is None else [f"the config of the best job, `{config.name}`"]
    return f"Among the artifacts of this run: {'; '.join(there)}." if there else ""


def _label(model: Path) -> str:
    """What a file is; of a model that could not be saved, there are only weights."""
    return "best model" if model.suffix == ".keras" else "best weights"


def _rows(best_job: BestJob) -> Iterator[str]:
    if best_job.model is not None:
        yield _row(_label(best_job.model), str(best_job.model))
    if best_job.experiment is not None:
        yield _row("its config", str(best_job.experiment))
    if best_job.command:
        yield _row("train it again", best_job.command)


def _row(label: str, value: str) -> str:
    return f"{label:<{LABEL_WIDTH}}{value}"
