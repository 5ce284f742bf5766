"""When a training leaves a resume point."""

from pathlib import Path

from altitude.loops import Fit
from altitude.loops.position import Position
from altitude.session import EndRequest
from altitude.training.checkpointing import Checkpointing
from altitude.training.resume_points import ResumePoints
from altitude.training.state import TrainingState


def test_batches_are_counted_anew_in_an_epoch_before_which_no_point_was_left(
    tmp_path: Path,
) -> None:
    left: list[Position] = []
    current = Position()

    def state() -> TrainingState:
        left.append(current)
        return TrainingState(current, {})

    points = ResumePoints(tmp_path, {})
    loop = Fit(checkpoint_every_steps=4)
    checkpointing = Checkpointing(state, points, loop, EndRequest())
    checkpointing._ready_at = float("inf")  # epochs that are too short for points at their ends
    for epoch in range(2):
        for step in range(1, 10):
            current = Position(epoch, step)
            checkpointing.follow(current)
            checkpointing._ready_at = float("inf")
        current = Position(epoch + 1)
        checkpointing.follow(current)
    points.close()
    assert left == [Position(0, 4), Position(0, 8), Position(1, 4), Position(1, 8)]
