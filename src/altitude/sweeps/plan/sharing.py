"""Which jobs of a sweep share a training, and in which order they run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.plan.trajectories import precedes


def keep_shared(jobs: Sequence[Job]) -> list[Job]:
    """Returns the jobs, without the trajectories that no other job shares.

    Args:
        jobs: The jobs of a sweep, each of another identity.
    """
    counts = Counter(job.trajectory.settings for job in jobs if job.trajectory)
    return [
        job
        if job.trajectory and counts[job.trajectory.settings] > 1
        else replace(job, trajectory=None)
        for job in jobs
    ]


def number_of_trajectories(jobs: Sequence[Job]) -> int:
    """Returns how many trainings the jobs need that begin with the first epoch.

    Args:
        jobs: The jobs of a sweep.
    """
    shared = {job.trajectory.settings for job in jobs if job.trajectory}
    return len(shared) + sum(job.trajectory is None for job in jobs)


def in_order_of_sharing(jobs: Sequence[Job]) -> list[Job]:
    """Returns the jobs such that each comes after those whose training it may continue.

    Those that begin a training come first, so that they have ended when others continue them.

    Args:
        jobs: The jobs to run.
    """
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        if job.trajectory:
            groups.setdefault(job.trajectory.settings, []).append(job)
    return sorted(jobs, key=lambda job: _depth(job, groups))


def _depth(job: Job, groups: dict[str, list[Job]]) -> int:
    """The number of jobs that end earlier on the same trajectory."""
    mine = job.trajectory
    if mine is None:
        return 0
    others = (other.trajectory for other in groups[mine.settings])
    return sum(other is not None and precedes(other, mine) for other in others)
