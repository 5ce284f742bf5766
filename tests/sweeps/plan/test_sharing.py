from collections.abc import Sequence

from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.plan.sharing import (
    in_order_of_sharing,
    keep_shared,
    number_of_trajectories,
)

PATIENCE, RATE = "callbacks.early_stopping.patience", "optimizer.learning_rate"


def jobs_of(compose: Composer, values: Sequence[tuple[int, str]]) -> list[Job]:
    combinations = [
        ["dataset=digits", f"{PATIENCE}={patience}", f"{RATE}={rate}"] for patience, rate in values
    ]
    return keep_shared(compose_jobs(combinations, [PATIENCE, RATE], compose))


def test_jobs_that_no_other_shares_are_trained_alone(compose: Composer) -> None:
    jobs = jobs_of(compose, [(1, "1e-3"), (2, "1e-3"), (1, "1e-2")])
    assert [job.trajectory is None for job in jobs] == [False, False, True]
    assert number_of_trajectories(jobs) == 2


def test_jobs_that_continue_others_come_later(compose: Composer) -> None:
    jobs = jobs_of(compose, [(5, "1e-3"), (2, "1e-3"), (2, "1e-2"), (5, "1e-2"), (9, "1e-3")])
    assert [job.number for job in in_order_of_sharing(jobs)] == [1, 2, 0, 3, 4]
