"""The outcome of an evaluation, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from altitude.display.columns import aligned
from altitude.records.evaluation.bootstrap import COVERED, Interval
from altitude.records.evaluation.report import Report, Table
from altitude.records.page import write_page
from altitude.records.record import RunRecord

PAGE, SCORES = "report.html", "scores.json"
SHOWN_ROWS = 30
"""The largest number of rows of a table that the terminal shows."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The best model of a run on one set of examples.

    Attributes:
        run: How the run is called.
        name: What it was evaluated on: a split of its own, or other data.
        data: The data in words.
        metrics: The metrics of the run, by name.
        logged: What the run itself logged for the same examples; empty for other data.
        report: More scores, tables and pictures; empty for models of another kind.
        interval: The bootstrap interval of the headline metric, if that is a mean.
    """

    run: str
    name: str
    data: str
    metrics: Mapping[str, float]
    logged: Mapping[str, float]
    report: Report
    interval: Interval | None = None

    @property
    def prefix(self) -> str:
        """What its metrics and files are filed under: `evaluation.test`."""
        return f"evaluation.{self.name}"

    @property
    def scores(self) -> dict[str, float]:
        """All values by name: the run's metrics first."""
        scores = {**self.report.scores, **self.metrics}
        if self.interval is not None:
            scores[f"{self.interval.metric}_low"] = self.interval.low
            scores[f"{self.interval.metric}_high"] = self.interval.high
        return scores

    @property
    def differing(self) -> list[str]:
        """The metrics that are not, to the last bit, what the run logged."""
        return [name for name, value in self.logged.items() if self.metrics.get(name) != value]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yields name, value and remark of each score."""
        for name, value in self.metrics.items():
            yield name, f"{value:.6g}", ", ".join(self._remarks(name))
        for name, value in self.report.scores.items():
            yield name.replace("_", " "), f"{value:.6g}", ""

    def text(self) -> str:
        """Returns the scores and the first table, for a terminal."""
        lines = [f"{self.run} on {self.data}", *aligned(list(self.rows()))]
        for table in self.report.tables[:1]:
            if len(table.rows) <= SHOWN_ROWS:
                lines += ["", table.title, *aligned([table.columns, *table.rows])]
        return "\n".join(lines)

    def write(self, folder: Path) -> list[Path]:
        """Writes the scores, the pictures and a page with all of it.

        Args:
            folder: The folder to write into; files of the same names are replaced.

        Returns:
            The files, the page first.

        Raises:
            OSError: If they cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        pictures = [folder / f"{name}.png" for name in self.report.pictures]
        for path, figure in zip(pictures, self.report.pictures.values(), strict=True):
            figure.savefig(path, dpi=110)
        scores = Table("scores", ("score", "value", ""), list(self.rows()))
        page = folder / PAGE
        facts = {"run": self.run, "data": self.data}
        write_page(page, self.prefix, facts, [scores, *self.report.tables], pictures)
        (folder / SCORES).write_text(json.dumps(self.scores, indent=1))
        return [page, folder / SCORES, *pictures]

    def log(self, record: RunRecord, files: list[Path]) -> None:
        """Adds the scores and files to the run in MLflow, under a prefix of their own.

        Args:
            record: The run; nothing is done if it was not tracked.
            files: The files that `write` has written.

        Raises:
            TrackingError: If the store cannot be used.
        """
        if record.logged is None:
            return
        scores = {f"{self.prefix}/{name}": value for name, value in self.scores.items()}
        record.logged.add(scores, {self.prefix: self.data})
        record.logged.add_artifacts(files, self.prefix)

    def _remarks(self, name: str) -> Iterator[str]:
        if self.interval is not None and self.interval.metric == name:
            low, high = self.interval.low, self.interval.high
            yield f"{COVERED:.0%} interval {low:.4g} to {high:.4g}"
        if name in self.logged:
            same = self.logged[name] == self.metrics[name]
            yield "as the run logged" if same else f"the run logged {self.logged[name]:.9g}"
