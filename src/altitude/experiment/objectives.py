"""Checks that the objectives of a sweep are among the results of its jobs."""

from collections.abc import Mapping, Sequence

from altitude.directions import OF_EVERY_RUN, objective_overrides
from altitude.errors import Problem
from altitude.experiment.experiment import Experiment
from altitude.experiment.metrics import is_validated, known_metrics, nearest_metric
from altitude.experiment.monitoring import default_monitor
from altitude.models import Subclassed


def objectives_exist(metrics: Sequence[str], experiment: Experiment) -> list[Problem]:
    """Checks that the objectives of a sweep are among the results of its jobs.

    Args:
        metrics: The names in `sweep.objective`.
        experiment: The experiment of the first job, on behalf of all.

    Returns:
        One problem for each unknown metric.
    """
    if isinstance(experiment.model, Subclassed) or isinstance(experiment.optimizer, Mapping):
        return []  # its class may report whatever it likes
    validated = is_validated(experiment.dataset)
    seen = known_metrics(experiment.objective, experiment.loop, validated=validated)
    best = [f"best_{name}" for name in seen if name.startswith("val_")]
    evaluated = [*experiment.objective.metric_names, *experiment.loop.evaluated_metrics]
    known = [*best, *(f"test_{name}" for name in evaluated), *seen, *OF_EVERY_RUN]
    expected = f"a result that the jobs will have: {', '.join(known)}"
    instead = _known_objectives(metrics, known, experiment)
    return [
        Problem("sweep.objective", metric, expected, instead)
        for metric in metrics
        if metric not in known
    ]


def _known_objectives(metrics: Sequence[str], known: Sequence[str], experiment: Experiment) -> str:
    """Objectives of a sweep, with their directions, in place of those that are not known."""
    objective = experiment.objective
    default = f"best_{default_monitor(objective, experiment.loop)}"
    # What is chosen by its test score has no test score any more: that is never proposed.
    proposed = [name for name in known if not name.startswith("test_")]
    nearest = [m if m in known else nearest_metric(m, proposed, default) for m in metrics]
    return objective_overrides(nearest, [objective.mode_of(metric) for metric in nearest])
