"""The one display of a sweep: live in a terminal, a line for each job that ends elsewhere."""

import time
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from altitude.sweeps.outcome import Goal, Outcome

ENDED = ("FINISHED", "FAILED", "KILLED")
SHOWN_AT_ONCE = 16
BAR_WIDTH = 30


class SweepDisplay:
    """Shows what is done, what runs, the best so far, and the time left.

    Args:
        console: Where it is shown.
        goal: What ranks the jobs.
        total: How many jobs there are.
        skipped: How many of them were done by an earlier launch.
    """

    def __init__(self, console: Console, goal: Goal, total: int, skipped: int) -> None:
        self._console = console
        self._goal = goal
        self._total = total
        self._skipped = skipped
        self._began = time.monotonic()
        self._told: set[str | None] = set()
        self._outcomes: Sequence[Outcome] = ()
        self._live = Live(console=console, get_renderable=self._picture, auto_refresh=True)

    def start(self, outcomes: Sequence[Outcome]) -> None:
        """Begins; what has ended already is not told again."""
        self._told = {outcome.run_id for outcome in outcomes if outcome.status in ENDED}
        self._outcomes = outcomes
        if self._console.is_terminal:
            self._live.start()

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Shows what has become of the jobs by now."""
        self._outcomes = outcomes
        for outcome in outcomes:
            if outcome.status in ENDED and outcome.run_id not in self._told:
                self._told.add(outcome.run_id)
                self._console.print(self._line(outcome), highlight=False, soft_wrap=True)

    def expect(self, total: int) -> None:
        """Takes how many jobs there are."""
        self._total = total

    def note(self, text: str) -> None:
        """Shows a line once."""
        if text not in self._told:
            self._told.add(text)
            self._console.print(text, style="yellow", highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Takes the live picture off the terminal."""
        if self._live.is_started:
            self._live.stop()

    def _line(self, outcome: Outcome) -> Text:
        ended = sum(other.status in ENDED for other in self._outcomes)
        text = Text(f"[{ended}/{self._total}] {outcome.name}  ")
        if outcome.status != "FINISHED":
            return text.append(f"{outcome.status}: {outcome.reason}", style="red")
        value = outcome.metrics.get(self._goal.metric)
        told = "" if value is None else f"{self._goal.metric} {value:.4f}"
        return text.append(told + ("  pruned" if outcome.pruned else ""), style="green")

    def _picture(self) -> RenderableType:
        bar = ProgressBar(total=self._total, completed=self._count(*ENDED), width=BAR_WIDTH)
        heading = Table.grid(padding=(0, 2))
        heading.add_row(bar, Text(", ".join(self._counts())), Text(self._time_left()))
        return Group(heading, *self._best(), self._running())

    def _counts(self) -> Iterator[str]:
        done, failed = self._count("FINISHED"), self._count("FAILED", "KILLED")
        running = self._count("RUNNING")
        yield f"{done} of {self._total} done"
        if self._skipped:
            yield f"{self._skipped} of them before"
        if failed:
            yield f"{failed} failed"
        yield f"{running} running"
        yield f"{max(0, self._total - done - failed - running)} left"

    def _count(self, *statuses: str) -> int:
        return sum(outcome.status in statuses for outcome in self._outcomes)

    def _time_left(self) -> str:
        ended = self._count(*ENDED) - self._skipped
        if ended < 1:
            return ""
        left = max(0, self._total - ended - self._skipped)
        seconds = (time.monotonic() - self._began) / ended * left
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"{seconds:.0f} s left"

    def _best(self) -> Iterator[Text]:
        best = self._goal.best(self._outcomes)
        if best is not None:
            value = self._goal.value(best.metrics)
            yield Text(f"best so far: {self._goal.metric} {value:.4f}, {best.name}", style="green")

    def _running(self) -> Table:
        table = Table.grid(padding=(0, 2))
        running = [outcome for outcome in self._outcomes if outcome.status == "RUNNING"]
        for outcome in running[:SHOWN_AT_ONCE]:
            table.add_row(outcome.name, f"epoch {outcome.epochs}", _measured(outcome))
        if len(running) > SHOWN_AT_ONCE:
            table.add_row(f"and {len(running) - SHOWN_AT_ONCE} more")
        return table


def _measured(outcome: Outcome) -> str:
    names = [name for name in outcome.metrics if name.startswith("val_")]
    return "  ".join(f"{name} {outcome.metrics[name]:.4f}" for name in sorted(names))
