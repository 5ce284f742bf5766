import io
import re
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from altitude.errors import JobError, TrackingError
from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.run import sweep_monitor as monitor_module
from altitude.sweeps.run.display import SweepDisplay
from altitude.sweeps.run.progress import Progress
from altitude.sweeps.run.sweep_monitor import SweepMonitor
from altitude.sweeps.store.sweep_store import InMemorySweepStore

GOAL = Goal(metric="best_val_accuracy", direction="maximize")
JOBS = 12


@pytest.fixture(scope="module")
def jobs(compose: Composer) -> list[Job]:
    combinations = [["dataset=digits", f"seed={n}"] for n in range(JOBS)]
    return compose_jobs(combinations, ["seed"], compose)


class Screen:
    """What a sweep that is watched prints where there is no terminal."""

    def __init__(
        self, sweep_store: InMemorySweepStore, to_repeat: Callable[[], list[str]] = list
    ) -> None:
        self.file = io.StringIO()
        progress = Progress.begin(JOBS, sweep_store.records())
        display = SweepDisplay(Console(file=self.file, width=160), GOAL, progress)
        self.monitor = SweepMonitor(sweep_store, display, progress, lambda _: None, to_repeat)

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()[1:]  # the first says what is waited for


def test_every_job_is_printed_once_however_many_look(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor_module, "LOOK_SECONDS", 0.001)
    sweep_store = InMemorySweepStore("sweep", [GOAL.metric])
    screen = Screen(sweep_store)
    with screen.monitor as monitor:
        for job in jobs:
            sweep_store.returned(job, None, 0.5)
            threads = [threading.Thread(target=monitor.look) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    found = [re.match(r"\[(\d+)/12\] seed=(\d+)", line) for line in screen.lines]
    assert [match and (int(match[1]), int(match[2])) for match in found] == [
        (n + 1, n) for n in range(JOBS)
    ]


def test_what_ends_the_sweep_is_printed_too(jobs: list[Job]) -> None:
    sweep_store = InMemorySweepStore("sweep", [GOAL.metric])
    screen = Screen(sweep_store, lambda: [job.identity for job in jobs])
    error = JobError("ValueError: no such luck")
    with screen.monitor:
        sweep_store.returned(jobs[0], error, None)  # and the runner raises
    assert screen.lines == ["[1/12] seed=0  FAILED: ValueError: no such luck"]


def test_a_store_that_does_not_answer_is_noted() -> None:
    class Away(InMemorySweepStore):
        def records(self) -> dict[str, JobRecord]:
            raise TrackingError("the store does not answer")

    sweep_store = Away("sweep", [GOAL.metric])
    file = io.StringIO()
    progress = Progress.begin(1, {})
    display = SweepDisplay(Console(file=file), GOAL, progress)
    with SweepMonitor(sweep_store, display, progress, lambda _: None, list):
        pass
    assert "the store does not answer" in file.getvalue()
