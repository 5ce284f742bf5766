from typing import Any

import pytest

from altitude.sweeps.plan.trajectories import Trajectory, find_trajectory, precedes

LOOP = {"_target_": "altitude.loops.Fit", "epochs": 30}
STOPPING = {"_target_": "keras.callbacks.EarlyStopping", "patience": 3, "monitor": "val_loss"}


def of(**callbacks: Any) -> Trajectory | None:
    return find_trajectory({"loop": LOOP, "callbacks": {"stop": STOPPING, **callbacks}, "seed": 1})


def test_patience_and_epochs_are_limits() -> None:
    other = {"loop": {**LOOP, "epochs": 9}, "callbacks": {"stop": {**STOPPING, "patience": 5}}}
    first, second = of(), find_trajectory({**other, "seed": 1})
    assert first is not None
    assert second is not None
    assert first.settings == second.settings
    assert (first.limits, second.limits) == ((30, 3), (9, 5))


@pytest.mark.parametrize(
    "changed",
    [
        {"stop": {**STOPPING, "min_delta": 0.1}},
        {"plateau": {"_target_": "keras.callbacks.ReduceLROnPlateau", "patience": 3}},
        {"stop": {**STOPPING, "monitor": "val_accuracy"}},
    ],
)
def test_all_else_makes_another_trajectory(changed: dict[str, Any]) -> None:
    known, other = of(), of(**changed)
    assert known is not None
    assert other is not None
    assert known.settings != other.settings


@pytest.mark.parametrize(
    "callbacks",
    [
        {"mine": {"_target_": "mine.Callback"}},
        {"second": STOPPING},
        {"stop": {**STOPPING, "patience": "many"}},
        {"stop": "no mapping"},
    ],
)
def test_what_is_not_known_is_trained_alone(callbacks: dict[str, Any]) -> None:
    assert of(**callbacks) is None


def test_a_loop_of_the_users_own_may_read_the_number_of_epochs() -> None:
    assert find_trajectory({"loop": {"_target_": "mine.Loop", "epochs": 3}}) is None


def test_a_callback_that_was_taken_away_decides_nothing() -> None:
    known = of(mine=None)
    assert known is not None
    assert known.limits == (30, 3)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((30, 3), (30, 5), True),
        ((10, 3), (30, 5), True),
        ((30, 5), (30, 3), False),
        ((10, 5), (30, 3), False),
        ((30, 3), (30, 3), False),
    ],
)
def test_a_shorter_training_precedes(
    first: tuple[int, ...], second: tuple[int, ...], expected: bool
) -> None:
    assert precedes(Trajectory("a", first), Trajectory("a", second)) is expected
    assert not precedes(Trajectory("a", first), Trajectory("b", second))
