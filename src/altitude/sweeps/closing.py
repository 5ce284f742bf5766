"""What a sweep leaves behind: the answer on screen, in the sweep's folder, and in MLflow."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from altitude.composition.source import ConfigSource
from altitude.sweeps.best_experiment import experiment_file
from altitude.sweeps.commands import training_command
from altitude.sweeps.leaderboard import (
    Standing,
    as_markdown,
    as_text,
    lead,
    leaderboard,
    markdown_table,
    write_csv,
)
from altitude.sweeps.ledger import Ending, Ledger
from altitude.sweeps.outcome import Goal, Outcome
from altitude.sweeps.planning.jobs import Job

SHOWN = 10
LABEL_WIDTH = 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The best job of a sweep, ready to be used.

    Attributes:
        outcome: What is known of it.
        command: Trains it again.
        model: Its model, if that can be had from here.
        experiment: Its config, as a recipe.
    """

    outcome: Outcome
    command: str
    model: Path | None
    experiment: Path | None


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What a sweep came to.

    Attributes:
        goals: What ranks its jobs.
        outcomes: What is known of its jobs.
        jobs: Jobs that this launch has composed.
        folder: The folder of this launch.
        command: The command that runs the sweep, or goes on with it.
        width: Of the screen, in columns.
    """

    goals: Sequence[Goal]
    outcomes: Sequence[Outcome]
    jobs: Sequence[Job]
    folder: Path
    command: str
    width: int | None = None

    def leave(self, ledger: Ledger, ending: Ending) -> Iterator[str]:
        """Writes everything down.

        Yields:
            Lines for the screen.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        standings = leaderboard(self.outcomes, self.goals)
        answer = self._answer(standings, ledger)
        files = [*self._tables(standings), *self._pictures(ledger)]
        if answer is not None:
            files += [path for path in (answer.model, answer.experiment) if path is not None]
        metrics = {} if answer is None else answer.outcome.metrics
        best = None if answer is None else answer.outcome.run_id
        ledger.close(ending, metrics, files, self._note(standings, answer), best)
        yield from self._told(standings, answer)
        if ledger.how_to_open:
            yield _row("open", ledger.how_to_open)

    def _answer(self, standings: Sequence[Standing], ledger: Ledger) -> Answer | None:
        if not standings or math.isnan(standings[0].mean):
            return None
        best = standings[0].best
        job = next((job for job in self.jobs if job.number == best.number), None)
        return Answer(
            outcome=best,
            command="" if job is None else training_command(job),
            model=ledger.model_of(best, self.folder),
            experiment=None if job is None else self._experiment(job),
        )

    def _experiment(self, job: Job) -> Path:
        path = self.folder / "best_experiment.yaml"
        header = f"The best job of `{self.command}`: {job.name}"
        choices: Any = OmegaConf.to_container(job.config.hydra.runtime.choices)
        folder = ConfigSource.of(job.config).config_dir
        path.write_text(experiment_file(job.config, choices, header, folder))
        return path

    def _tables(self, standings: Sequence[Standing]) -> Iterator[Path]:
        table = self.folder / "leaderboard.csv"
        write_csv(standings, table)
        yield table
        text = self.folder / "leaderboard.md"
        text.write_text(as_markdown(standings, limit=len(standings)) + "\n")
        yield text

    def _pictures(self, ledger: Ledger) -> list[Path]:
        from altitude.sweeps.pictures import draw_sweep

        metric = self.goals[0].metric.removeprefix("best_")
        histories = ledger.histories(metric)
        return draw_sweep(self.outcomes, histories, self.goals[0], self.folder)

    def _note(self, standings: Sequence[Standing], answer: Answer | None) -> str:
        answer_first = f"**{lead(standings)}**"  # all that is seen of a long note at first
        parts = [answer_first, f"`{self.command}`", markdown_table(standings, limit=SHOWN)]
        if answer is not None:
            parts += [
                _artifacts(answer),
                f"Train it again: `{answer.command}`" if answer.command else "",
            ]
        failures = [f"- {line}" for line in self._failures()]
        parts += ["**Failed:**\n\n" + "\n".join(failures)] if failures else []
        return "\n\n".join(filter(None, parts))

    def _told(self, standings: Sequence[Standing], answer: Answer | None) -> Iterator[str]:
        yield as_text(standings, SHOWN, self.width) if standings else "no job has finished"
        failures = list(self._failures())
        if failures:
            yield "\n".join(["", "failed", *(f"  {line}" for line in failures)])
        yield ""
        if answer is not None:
            yield from _rows(answer)

    def _failures(self) -> Iterator[str]:
        for outcome in self.outcomes:
            if outcome.status in ("FAILED", "KILLED"):
                reason = outcome.reason.partition("\n")[0]
                name = f", {outcome.name}" if outcome.name else ""
                yield f"job {outcome.number}{name}: {outcome.status}, {reason}"


def _artifacts(answer: Answer) -> str:
    """What there is of the best job among the artifacts of the sweep's own run."""
    model, config = answer.model, answer.experiment
    there = [] if model is None else [f"the {_label(model)}, `{model.name}`"]
    there += [] if config is None else [f"the config of the best job, `{config.name}`"]
    return f"Among the artifacts of this run: {'; '.join(there)}." if there else ""


def _label(model: Path) -> str:
    """What a file is; of a model that could not be saved, there are only weights."""
    return "best model" if model.suffix == ".keras" else "best weights"


def _rows(answer: Answer) -> Iterator[str]:
    if answer.model is not None:
        yield _row(_label(answer.model), str(answer.model))
    if answer.experiment is not None:
        yield _row("its config", str(answer.experiment))
    if answer.command:
        yield _row("train it again", answer.command)


def _row(label: str, value: str) -> str:
    return f"{label:<{LABEL_WIDTH}}{value}"
