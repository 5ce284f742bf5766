"""Pictures of a sweep: swept parameters against results."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from altitude.sweeps.job_record import Goal, JobRecord, swept_names
from altitude.sweeps.report.leaderboard import REPEATED
from altitude.sweeps.report.pictures.curves import curves
from altitude.sweeps.report.pictures.heat_map import heat_map
from altitude.sweeps.report.pictures.parallel import parallel_coordinates
from altitude.sweeps.report.pictures.parameters import by_parameter
from altitude.sweeps.report.pictures.style import RESOLUTION, scored

__all__ = ["draw_sweep"]


def draw_sweep(
    records: Sequence[JobRecord],
    histories: Mapping[str, Sequence[float]],
    goal: Goal,
    folder: Path,
) -> list[Path]:
    """Draws a sweep: as much of it as there is.

    `by_parameter.png` has the metric against each swept parameter, `parallel_coordinates.png` a
    line for each job, `curves.png` the metric by epoch; `heat_map.png` is drawn for two parameters.

    Args:
        records: The records of the jobs.
        histories: By run id, the metric of the goal by epoch: `val_accuracy` for
            `best_val_accuracy`.
        goal: The metric that ranks the jobs.
        folder: The folder of the pictures, which is created if it is missing.

    Returns:
        The pictures that could be drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with rc_context({"text.parse_math": False}):  # a value with dollar signs is no formula
        for name, figure in _figures(records, histories, goal):
            paths.append(folder / f"{name}.png")
            figure.savefig(paths[-1], dpi=RESOLUTION)
    return paths


def _figures(
    records: Sequence[JobRecord], histories: Mapping[str, Sequence[float]], goal: Goal
) -> Iterator[tuple[str, Figure]]:
    names = swept_names(record.swept for record in records)
    settings = [name for name in names if name not in REPEATED]
    if names and scored(records, goal):
        yield "by_parameter", by_parameter(records, names, goal)
        yield "parallel_coordinates", parallel_coordinates(records, names, goal)
        if len(settings) == 2:
            yield "heat_map", heat_map(records, settings[0], settings[1], goal)
    if any(record.run_id in histories for record in records):
        yield "curves", curves(records, histories, goal)
