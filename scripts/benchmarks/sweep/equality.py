"""Whether the jobs of a sweep have the metrics that they have alone."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from measuring import cost_of, fresh_folder

from sweep.contenders import OURS_KEYS, TWO_WORKERS, altitude_job, altitude_sweep
from sweep.grid import Grid

Metrics = dict[tuple[str, int], float]
"""Values by name and epoch."""

METRICS = """
    SELECT run_uuid, key, step, value FROM metrics JOIN runs USING (run_uuid)
    WHERE status = 'FINISHED' AND key NOT LIKE '%seconds%'
"""
PARAMS = "SELECT run_uuid, value FROM params WHERE key = ?"


def differences(grid: Grid) -> list[str]:
    """Runs the first and the last job of the sweep alone, and in it, with one worker and with two.

    Returns:
        What is not equal, to the last bit.
    """
    chosen = [grid.jobs[0], grid.jobs[-1]]
    alone = {job: tracked(altitude_job(job), [job])[job] for job in chosen}
    found = []
    for workers, launcher in (("1 worker", ()), ("2 workers", TWO_WORKERS)):
        swept = tracked(altitude_sweep(grid, *launcher), chosen)
        for job in chosen:
            name = f"{workers}, {' '.join(job.overrides(OURS_KEYS))}"
            found += [f"{name}: {line}" for line in unequal(alone[job], swept[job])]
    return found


def tracked(program: Sequence[str], jobs: Sequence[Grid]) -> dict[Grid, Metrics]:
    """Runs a program, and returns what is tracked of some jobs, times left out."""
    with fresh_folder() as folder:
        cost_of(program, folder)
        return {job: metrics_of(folder / "mlflow.db", job) for job in jobs}


def metrics_of(path: Path, job: Grid) -> Metrics:
    """The metrics of the one run in a store that has the job's parameters."""
    with sqlite3.connect(path) as store:
        rows = store.execute(METRICS).fetchall()
        runs = {run for run, *_ in rows}
        for key, wanted in zip(OURS_KEYS, job.arguments, strict=True):
            values = store.execute(PARAMS, [key])
            runs &= {run for run, value in values if float(value) == float(wanted)}
    if len(runs) != 1:
        raise SystemExit(f"{len(runs)} runs of {job}, expected 1")
    return {(key, step): value for run, key, step, value in rows if run in runs}


def unequal(alone: Metrics, swept: Metrics) -> list[str]:
    """The metrics that differ, or that one of the two lacks."""
    return [
        f"{key} in epoch {step} is {alone.get((key, step))} alone, {swept.get((key, step))} swept"
        for key, step in sorted(alone.keys() | swept.keys())
        if alone.get((key, step)) != swept.get((key, step))
    ]
