"""Runs the same sweep in all the ways there are, each from a fresh folder, and compares.

Figures are medians over the rounds; ratios are taken round by round, so that a machine whose speed
drifts does not decide the comparison. Exits with 1 if a required ratio is missed, or if a job has
other metrics than alone.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from statistics import median

from measuring import cost_of, fresh_folder
from sweep.contenders import (
    HYDRA,
    HYDRA_JOBLIB,
    ONE,
    SHELL,
    TUNER,
    TWO,
    Contender,
    contenders,
)
from sweep.equality import differences
from sweep.grid import Grid

REQUIRED = {
    "the shell loop": ([SHELL], 4.0),
    "plain Hydra at its best": ([HYDRA, HYDRA_JOBLIB], 1.8),
    "KerasTuner": ([TUNER], 1.5),
}
"""How many times as many jobs an hour as others, at their best, this project has to do."""

SMOKE = Grid(learning_rates="1e-3", patiences="2", clip_norms="0.5,1.0", epochs=1)
HOUR = 3600

Round = dict[str, float]
"""Seconds of the whole sweep, by contender."""


def main() -> None:
    """Measures and prints tables in Markdown."""
    parser = argparse.ArgumentParser("bench sweep", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="two jobs, one epoch, once")
    parser.add_argument("--only-equality", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    grid = SMOKE if arguments.smoke else Grid(epochs=arguments.epochs)
    fast = arguments.only_equality or compare(grid, 0 if arguments.smoke else arguments.rounds)
    if not (is_equal(grid) and fast):
        sys.exit(1)


def compare(grid: Grid, rounds: int) -> bool:
    """Measures; whether this project is as fast as it has to be. Of no rounds, it always is."""
    measured = [measure_all(grid, number) for number in range(rounds + 1)][1:]  # the first: caches
    if not measured:
        return True
    print("\n".join(table(measured, len(grid.jobs))))
    lines = list(verdicts(measured))
    print("\n" + "\n".join(line for line, _ in lines))
    return all(reached for _, reached in lines)


def measure_all(grid: Grid, number: int) -> Round:
    """One round: every contender once."""
    found = {}
    for name, contender in contenders(grid).items():
        found[name], accuracy = measure(contender, len(grid.jobs))
        print(f"round {number}: {name}: {found[name]:.1f} s, {accuracy:.4f}", file=sys.stderr)
    return found


def measure(contender: Contender, jobs: int) -> tuple[float, float]:
    """Seconds of a whole sweep, and its best validation accuracy.

    Raises:
        SystemExit: If it failed, or has not finished every job.
    """
    with fresh_folder() as folder:
        seconds = cost_of(contender.program, folder).seconds
        accuracies = contender.accuracies(folder)
    if len(accuracies) != jobs:
        raise SystemExit(f"{contender.program}: {len(accuracies)} of {jobs} jobs were finished")
    return seconds, max(accuracies)


def table(rounds: Sequence[Round], jobs: int) -> Iterator[str]:
    """The comparison in Markdown."""
    yield f"| {jobs} jobs by | seconds | jobs an hour | time over 1 worker | time over 2 workers |"
    yield "| --- | --- | --- | --- | --- |"
    for name in rounds[0]:
        seconds = median(found[name] for found in rounds)
        one, two = (median(found[name] / found[ours] for found in rounds) for ours in (ONE, TWO))
        yield f"| {name} | {seconds:.1f} | {jobs * HOUR / seconds:.0f} | {one:.2f} | {two:.2f} |"


def verdicts(rounds: Sequence[Round]) -> Iterator[tuple[str, bool]]:
    """Each of the required ratios, in words, and whether it is reached."""
    for name, (others, required) in REQUIRED.items():
        best, alone = (
            median(fastest(found, others) / fastest(found, ours) for found in rounds)
            for ours in ([ONE, TWO], [ONE])
        )
        verdict = "reached" if best >= required else "MISSED"
        told = f"{best:.2f} times {name}, {alone:.2f} with 1 worker; {required} required: {verdict}"
        yield told, best >= required


def fastest(found: Round, names: Sequence[str]) -> float:
    """Seconds of the fastest of several contenders."""
    return min(found[name] for name in names)


def is_equal(grid: Grid) -> bool:
    """Whether jobs have the metrics that they have alone; says so."""
    found = differences(grid)
    print("\n".join(found) or "jobs of the sweep have the metrics that they have alone, bit by bit")
    return not found


if __name__ == "__main__":
    main()
