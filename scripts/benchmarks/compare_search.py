"""Compares what a search costs and finds with the grid over the same space, by what MLflow knows.

    python scripts/benchmarks/compare_search.py GRID SEARCH [--uri sqlite:///mlflow.db]

GRID and SEARCH are the ids of two sweeps, which are told when they begin.
"""

import argparse
from dataclasses import dataclass

from mlflow.tracking import MlflowClient

TOLERANCE = 0.003
SHARE = 0.4
METRIC = "best_val_accuracy"


@dataclass(frozen=True)
class Sweep:
    """What a sweep has cost and found.

    Attributes:
        jobs: How many jobs have finished.
        epochs: How many epochs they have trained.
        best: The best validation accuracy.
    """

    jobs: int
    epochs: int
    best: float


def read_sweep(client: MlflowClient, sweep_id: str) -> Sweep:
    """Reads the jobs of a sweep."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    wanted = f"tags.sweep_id = '{sweep_id}' and tags.role = 'job'"
    jobs = [r for r in client.search_runs(experiments, wanted) if r.info.status == "FINISHED"]
    if not jobs:
        raise SystemExit(f"no job of a sweep {sweep_id} has finished")
    histories = [client.get_metric_history(job.info.run_id, "epoch_seconds") for job in jobs]
    best = max(job.data.metrics[METRIC] for job in jobs)
    return Sweep(len(jobs), sum(map(len, histories)), best)


def main() -> None:
    """Prints the comparison, and fails where the search falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grid")
    parser.add_argument("search")
    parser.add_argument("--uri", default="sqlite:///mlflow.db")
    arguments = parser.parse_args()
    client = MlflowClient(arguments.uri)
    grid = read_sweep(client, arguments.grid)
    search = read_sweep(client, arguments.search)
    for name, sweep in (("grid", grid), ("search", search)):
        print(f"{name:<8}{sweep.jobs:>4} jobs {sweep.epochs:>6} epochs  {METRIC} {sweep.best:.4f}")
    share, behind = search.epochs / grid.epochs, grid.best - search.best
    print(f"the search took {share:.0%} of the grid's epochs (at most {SHARE:.0%} allowed)")
    print(f"and is {behind:+.4f} behind its best (at most {TOLERANCE} allowed)")
    raise SystemExit(share > SHARE or behind > TOLERANCE)


if __name__ == "__main__":
    main()
