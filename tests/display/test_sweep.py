import io
import time
from typing import Any

import pytest
from rich.console import Console

from altitude.display.sweep import SHOWN_AT_ONCE, SweepDisplay
from altitude.sweeps.outcome import Goal, Outcome

GOAL = Goal(metric="best_val_accuracy", direction="maximize")


def outcome(number: int, status: Any, reason: str = "", **metrics: float) -> Outcome:
    return Outcome(
        number=number,
        name=f"seed={number}",
        swept={"seed": number},
        status=status,
        metrics=metrics,
        reason=reason,
        run_id=str(number),
        epochs=4,
    )


DONE = outcome(0, "FINISHED", best_val_accuracy=0.9)
FAILED = outcome(1, "FAILED", "ValueError: [no] luck")
RUNNING = outcome(2, "RUNNING", val_loss=0.25, val_accuracy=0.5, loss=0.1)


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def picture(display: SweepDisplay, *outcomes: Outcome) -> list[str]:
    """What the live display shows at this moment."""
    display.update(outcomes)
    shown = console(terminal=False)
    shown.print(display._picture())
    return [line.rstrip() for line in text_of(shown).splitlines()]


def test_elsewhere_each_job_that_ends_is_a_line() -> None:
    plain = console(terminal=False)
    display = SweepDisplay(plain, GOAL, total=3, skipped=0)
    display.start([])
    display.update([DONE, RUNNING])
    display.update([DONE, FAILED, RUNNING])
    display.close()
    assert text_of(plain).splitlines() == [
        "[1/3] seed=0  best_val_accuracy 0.9000",
        "[2/3] seed=1  FAILED: ValueError: [no] luck",
    ]


def test_what_was_done_before_is_not_told_again() -> None:
    plain = console(terminal=False)
    display = SweepDisplay(plain, GOAL, total=3, skipped=1)
    display.start([DONE])
    display.update([DONE])
    assert text_of(plain) == ""


def test_a_job_that_was_stopped_early_is_no_failure() -> None:
    plain = console(terminal=False)
    pruned = Outcome(number=0, name="a=1", swept={}, status="FINISHED", metrics={}, pruned=True)
    SweepDisplay(plain, GOAL, total=1, skipped=0).update([pruned])
    assert text_of(plain).split() == ["[1/1]", "a=1", "pruned"]


def test_a_note_is_told_once() -> None:
    plain = console(terminal=False)
    display = SweepDisplay(plain, GOAL, total=1, skipped=0)
    display.note("the store does not answer")
    display.note("the store does not answer")
    assert text_of(plain) == "the store does not answer\n"


def test_the_picture_has_counts_the_best_and_a_line_for_each_running_job() -> None:
    display = SweepDisplay(console(terminal=False), GOAL, total=6, skipped=0)
    heading, *rest = picture(display, DONE, FAILED, RUNNING)
    assert "1 of 6 done, 1 failed, 1 running, 3 left" in heading
    assert rest == [
        "best so far: best_val_accuracy 0.9000, seed=0",
        "seed=2  epoch 4  val_accuracy 0.5000  val_loss 0.2500",
    ]


def test_before_anything_has_ended_there_is_no_best_and_no_time() -> None:
    display = SweepDisplay(console(terminal=False), GOAL, total=2, skipped=0)
    heading, line = picture(display, RUNNING)
    assert heading.endswith("0 of 2 done, 1 running, 1 left")
    assert line.startswith("seed=2")


def test_of_many_running_jobs_some_are_shown() -> None:
    display = SweepDisplay(console(terminal=False), GOAL, total=99, skipped=0)
    running = [outcome(number, "RUNNING") for number in range(SHOWN_AT_ONCE + 3)]
    lines = picture(display, *running)
    assert len(lines) == 1 + SHOWN_AT_ONCE + 1
    assert lines[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("skipped", "elapsed", "expected"),
    [(0, 20.0, "30 s left"), (1, 20.0, "60 s left"), (0, 200.0, "about 5 min left"), (2, 9.0, "")],
)
def test_the_time_left_counts_the_jobs_of_this_launch_alone(
    skipped: int, elapsed: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = SweepDisplay(console(terminal=False), GOAL, total=5, skipped=skipped)
    began = time.monotonic()
    monkeypatch.setattr(display, "_began", began)
    monkeypatch.setattr(time, "monotonic", lambda: began + elapsed)
    heading, *_ = picture(display, DONE, FAILED)
    assert heading.endswith(expected or "left")
    assert ("before" in heading) is (skipped > 0)
    assert (" s left" in heading or "min left" in heading) is bool(expected)


def test_in_a_terminal_the_picture_is_live() -> None:
    terminal = console(terminal=True)
    display = SweepDisplay(terminal, GOAL, total=2, skipped=0)
    display.start([RUNNING])
    display.update([DONE, RUNNING])
    display.close()
    display.close()
    shown = text_of(terminal)
    assert "[1/2] seed=0  best_val_accuracy 0.9000" in shown
    assert "1 of 2 done, 1 running, 0 left" in shown
    assert "best so far" in shown
