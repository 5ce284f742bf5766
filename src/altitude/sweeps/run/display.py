"""The display of a sweep: live in a terminal, elsewhere a line for each job that ends."""

import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.run.progress import Progress

SHOWN_AT_ONCE = 16
BAR_WIDTH = 30
WAITING = "waiting for the first job, which imports TensorFlow first"


class SweepDisplay:
    """Shows what is done, what runs, the best so far, and the time left.

    Args:
        console: The console to write to.
        goal: The metric that ranks the jobs.
        progress: The state of the sweep when this launch begins.
    """

    def __init__(self, console: Console, goal: Goal, progress: Progress) -> None:
        self._console = console
        self._goal = goal
        self._progress = progress
        self._began = time.monotonic()
        self._notes: set[str] = set()
        self._live = Live(console=console, get_renderable=self._picture, auto_refresh=True)

    def start(self) -> None:
        """Begins."""
        if self._progress.done >= self._progress.total:
            return
        if self._console.is_terminal:
            self._live.start()
        elif not self._progress.running:
            self._print(Text(WAITING))

    def update(self, progress: Progress) -> None:
        """Shows the progress of the sweep, with a line for each job that has ended since.

        Args:
            progress: The state of all jobs.
        """
        before, self._progress = self._progress, progress
        for key in progress.repeated.keys() - before.repeated.keys():
            self._print(_attempt(progress.repeated[key]))
        for identity, record in progress.ended.items():
            if before.ended.get(identity) is record:
                continue
            counter = f"[{progress.ordinal(identity)}/{progress.total}]"
            self._print(Text(f"{counter} {record.label}  ").append_text(self._result(record)))

    def note(self, text: str) -> None:
        """Shows a line, unless it was shown before.

        Args:
            text: The text of the line.
        """
        if text not in self._notes:
            self._notes.add(text)
            self._print(Text(text, style="yellow"))

    def close(self) -> None:
        """Removes the live display from the terminal."""
        if self._live.is_started:
            self._live.stop()

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)

    def _result(self, record: JobRecord) -> Text:
        if record.status != "FINISHED":
            return Text(f"{record.status}: {record.reason}", style="red")
        value = record.metrics.get(self._goal.metric)
        score = f"no {self._goal.metric}" if value is None else f"{self._goal.metric} {value:.4f}"
        if record.pruned:
            score = "pruned" if value is None else f"{score}  pruned"
        return Text(score, style="green")

    def _picture(self) -> RenderableType:
        progress = self._progress
        ended = progress.done + progress.failed
        bar = ProgressBar(total=progress.total, completed=ended, width=BAR_WIDTH)
        heading = Table.grid(padding=(0, 2))
        heading.add_row(bar, Text(", ".join(_counts(progress))), Text(self._time_left(progress)))
        return Group(heading, *self._best(progress), *_waiting(progress), *_running(progress))

    def _time_left(self, progress: Progress) -> str:
        ended = len(progress.ended)
        if ended < 1:
            return ""
        left = max(0, progress.total - ended - progress.skipped)
        seconds = (time.monotonic() - self._began) / ended * left
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"{seconds:.0f} s left"

    def _best(self, progress: Progress) -> Iterator[Text]:
        best = self._goal.best(progress.finished)
        if best is None:
            return
        value = self._goal.value(best.metrics)
        level = sum(self._goal.value(other.metrics) == value for other in progress.finished) - 1
        tie = f", in a tie with {level} more" if level else ""
        text = f"best so far: {self._goal.metric} {value:.4f}, {best.label}{tie}"
        yield Text(text, style="green")


def _attempt(record: JobRecord) -> Text:
    text = f"{record.label}  {record.status}, is run again: {record.reason}"
    return Text(text, style="yellow")


def _counts(progress: Progress) -> Iterator[str]:
    yield f"{progress.done} of {progress.total} done"
    if progress.skipped:
        yield f"{progress.skipped} of them before"
    if progress.failed:
        yield f"{progress.failed} failed"
    yield f"{len(progress.running)} running"
    yield f"{progress.left} left"


def _waiting(progress: Progress) -> Iterator[Text]:
    if not progress.running and not progress.ended and progress.left:
        yield Text(WAITING)


def _running(progress: Progress) -> Iterator[Table]:
    if not progress.running:
        return
    table = Table.grid(padding=(0, 2))
    for record in progress.running[:SHOWN_AT_ONCE]:
        table.add_row(record.label, f"epoch {record.epochs}", _measured(record))
    if len(progress.running) > SHOWN_AT_ONCE:
        table.add_row(f"and {len(progress.running) - SHOWN_AT_ONCE} more")
    yield table


def _measured(record: JobRecord) -> str:
    names = [name for name in record.metrics if name.startswith("val_")]
    return "  ".join(f"{name} {record.metrics[name]:.4f}" for name in sorted(names))
