import io
import time
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.run.display import SHOWN_AT_ONCE, WAITING, SweepDisplay
from altitude.sweeps.run.progress import Progress

GOAL = Goal(metric="best_val_accuracy", direction="maximize")


def record(number: int, status: Any, reason: str = "", **metrics: float) -> JobRecord:
    return JobRecord(
        number=number,
        name=f"seed={number}",
        swept={"seed": number},
        status=status,
        metrics=metrics,
        reason=reason,
        run_id=str(number),
        epochs=4,
    )


DONE = record(0, "FINISHED", best_val_accuracy=0.9)
FAILED = record(1, "FAILED", "ValueError: [no] luck")
RUNNING = record(2, "RUNNING", val_loss=0.25, val_accuracy=0.5, loss=0.1)


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def by_identity(*records: JobRecord) -> dict[str, JobRecord]:
    return {str(record.number): record for record in records}


def progress(total: int, *known: JobRecord) -> Progress:
    return Progress.begin(total, by_identity(*known))


def picture(display: SweepDisplay, progress: Progress) -> list[str]:
    """What the live display shows at this moment."""
    display.update(progress)
    shown = console(terminal=False)
    shown.print(display._picture())
    return [line.rstrip() for line in text_of(shown).splitlines()]


def display_of(progress: Progress) -> SweepDisplay:
    return SweepDisplay(console(terminal=False), GOAL, progress)


def lines_of(begun: Progress, *later: Progress) -> list[str]:
    """What is printed where there is no terminal."""
    plain = console(terminal=False)
    display = SweepDisplay(plain, GOAL, begun)
    for progress in later:
        display.update(progress)
    return text_of(plain).splitlines()


def test_elsewhere_each_job_that_ends_is_a_line() -> None:
    first = progress(3)
    second = first.advanced(by_identity(DONE, RUNNING))
    assert lines_of(first, second, second.advanced(by_identity(DONE, FAILED, RUNNING))) == [
        "[1/3] seed=0  best_val_accuracy 0.9000",
        "[2/3] seed=1  FAILED: ValueError: [no] luck",
    ]


def test_jobs_that_are_seen_to_end_at_once_have_a_counter_each() -> None:
    begun = progress(3)
    tied = [record(number, "FINISHED", best_val_accuracy=0.9) for number in range(3)]
    assert lines_of(begun, begun.advanced(by_identity(*tied))) == [
        f"[{number + 1}/3] seed={number}  best_val_accuracy 0.9000" for number in range(3)
    ]


def test_what_was_done_before_is_counted_and_not_told_again() -> None:
    begun = progress(3, DONE)
    later = begun.advanced(by_identity(DONE, FAILED))
    assert lines_of(begun, later) == ["[2/3] seed=1  FAILED: ValueError: [no] luck"]


def test_what_failed_before_is_told_once_it_has_failed_again() -> None:
    begun = progress(2, FAILED)
    again = replace(FAILED, run_id="another")
    assert lines_of(begun, begun.advanced(by_identity(FAILED))) == []
    lines = lines_of(begun, begun.advanced(by_identity(again)))
    assert lines == ["[1/2] seed=1  FAILED: ValueError: [no] luck"]


def test_an_attempt_that_is_repeated_has_no_counter() -> None:
    begun = progress(1)
    failed = begun.advanced(by_identity(FAILED), to_repeat={"1"})
    running = failed.advanced(by_identity(replace(FAILED, status="RUNNING", run_id="2")), {"1"})
    done = replace(FAILED, status="FINISHED", metrics={"best_val_accuracy": 0.5}, run_id="2")
    ended = running.advanced(by_identity(done), {"1"})
    assert lines_of(begun, failed, failed, running, ended) == [
        "seed=1  FAILED, is run again: ValueError: [no] luck",
        "[1/1] seed=1  best_val_accuracy 0.5000",
    ]
    assert (ended.done, ended.failed, ended.left) == (1, 0, 0)


def test_the_last_attempt_counts() -> None:
    begun = progress(1)
    failed = begun.advanced(by_identity(FAILED), to_repeat={"1"})
    last = failed.advanced(by_identity(FAILED))
    assert lines_of(begun, failed, last)[-1] == "[1/1] seed=1  FAILED: ValueError: [no] luck"


def test_a_job_that_a_cluster_requeues_is_shown_again_when_it_has_ended() -> None:
    begun = progress(1)
    killed = begun.advanced(by_identity(replace(DONE, status="KILLED", reason="SIGUSR2")))
    running = killed.advanced(by_identity(replace(DONE, status="RUNNING")))
    for before in (killed, running):  # whether or not it is seen running
        ended = before.advanced(by_identity(DONE))
        assert lines_of(begun, killed, before, ended) == [
            "[1/1] seed=0  KILLED: SIGUSR2",
            "[1/1] seed=0  best_val_accuracy 0.9000",
        ]
        assert (ended.done, ended.failed) == (1, 0)


def test_a_job_that_goes_on_in_the_run_of_an_earlier_launch_is_shown_when_it_has_ended() -> None:
    begun = progress(1, replace(DONE, status="KILLED", reason="Ctrl-C"))
    ended = begun.advanced(by_identity(DONE))
    assert lines_of(begun, ended) == ["[1/1] seed=0  best_val_accuracy 0.9000"]
    assert ended.done == 1


def test_a_job_that_was_stopped_early_is_no_failure() -> None:
    pruned = JobRecord(number=0, name="a=1", swept={}, status="FINISHED", metrics={}, pruned=True)
    begun = progress(1)
    (line,) = lines_of(begun, begun.advanced(by_identity(pruned)))
    assert line.split() == ["[1/1]", "a=1", "pruned"]


def test_a_job_of_which_nothing_was_swept_has_a_number() -> None:
    only = JobRecord(number=0, name="", swept={}, status="FINISHED", metrics={})
    begun = progress(1)
    assert lines_of(begun, begun.advanced(by_identity(only))) == [
        "[1/1] job 0  no best_val_accuracy"
    ]


def test_a_note_is_told_once() -> None:
    plain = console(terminal=False)
    display = SweepDisplay(plain, GOAL, progress(1))
    display.note("the store does not answer")
    display.note("the store does not answer")
    assert text_of(plain) == "the store does not answer\n"


def test_it_is_said_what_is_waited_for_before_the_first_job_begins() -> None:
    plain = console(terminal=False)
    SweepDisplay(plain, GOAL, progress(1)).start()
    assert text_of(plain) == f"{WAITING}\n"
    assert picture(display_of(progress(1)), progress(1))[-1] == WAITING


def test_where_all_is_done_nothing_is_waited_for() -> None:
    terminal = console(terminal=True)
    SweepDisplay(terminal, GOAL, progress(1, DONE)).start()
    assert text_of(terminal) == ""


def test_the_picture_has_counts_the_best_and_a_line_for_each_running_job() -> None:
    begun = progress(6)
    later = begun.advanced(by_identity(DONE, FAILED, RUNNING))
    heading, *rest = picture(display_of(begun), later)
    assert "1 of 6 done, 1 failed, 1 running, 3 left" in heading
    assert rest == [
        "best so far: best_val_accuracy 0.9000, seed=0",
        "seed=2  epoch 4  val_accuracy 0.5000  val_loss 0.2500",
    ]


def test_a_tie_is_said_to_be_one() -> None:
    tied = [record(number, "FINISHED", best_val_accuracy=0.9) for number in range(3)]
    begun = progress(3)
    lines = picture(display_of(begun), begun.advanced(by_identity(*tied)))
    assert lines[1] == "best so far: best_val_accuracy 0.9000, seed=0, in a tie with 2 more"


def test_before_anything_has_ended_there_is_no_best_and_no_time() -> None:
    begun = progress(2)
    heading, line = picture(display_of(begun), begun.advanced(by_identity(RUNNING)))
    assert heading.endswith("0 of 2 done, 1 running, 1 left")
    assert line.startswith("seed=2")


def test_of_many_running_jobs_some_are_shown() -> None:
    begun = progress(99)
    running = [record(number, "RUNNING") for number in range(SHOWN_AT_ONCE + 3)]
    lines = picture(display_of(begun), begun.advanced(by_identity(*running)))
    assert len(lines) == 1 + SHOWN_AT_ONCE + 1
    assert lines[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("known", "elapsed", "expected"),
    [([], 20.0, "30 s left"), ([DONE], 20.0, "60 s left"), ([], 200.0, "about 5 min left")],
)
def test_the_time_left_counts_the_jobs_of_this_launch_alone(
    known: list[JobRecord], elapsed: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = progress(5, *known)
    display = display_of(begun)
    began = time.monotonic()
    monkeypatch.setattr(display, "_began", began)
    monkeypatch.setattr(time, "monotonic", lambda: began + elapsed)
    heading, *_ = picture(display, begun.advanced(by_identity(DONE, FAILED)))
    assert heading.endswith(expected)
    assert ("before" in heading) is bool(known)


def test_in_a_terminal_the_picture_is_live() -> None:
    terminal = console(terminal=True)
    begun = progress(2, RUNNING)
    display = SweepDisplay(terminal, GOAL, begun)
    display.start()
    display.update(begun.advanced(by_identity(DONE, RUNNING)))
    display.close()
    display.close()
    shown = text_of(terminal)
    assert "[1/2] seed=0  best_val_accuracy 0.9000" in shown
    assert "1 of 2 done, 1 running, 0 left" in shown
    assert "best so far" in shown
