"""What the pages of a sweep in MLflow's UI show."""

from collections.abc import Sequence
from dataclasses import dataclass

from altitude.sweeps.job_record import Goal
from altitude.tracking.pages import run_page, runs_page, runs_view
from altitude.tracking.tags import ATTEMPT, ROLE, SWEEP_ID


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """The name of a sweep, and how it is shown.

    Attributes:
        title: The name of its summary run.
        command: The command that runs it.
        goal: The metric that ranks its jobs.
        params: The swept keys, as MLflow's parameters are named.
        nested: Whether its jobs are below its own run in MLflow's UI.
    """

    title: str
    command: str
    goal: Goal
    params: Sequence[str]
    nested: bool


def sweep_view(sweep_id: str, presentation: Presentation) -> tuple[str, str]:
    """Returns the view of a sweep's runs: its jobs and its own run, ranked.

    Args:
        sweep_id: The id of the sweep.
        presentation: What the page is to show: the goal and the swept parameters.

    Returns:
        The same as `runs_view`.
    """
    goal = presentation.goal
    # The choice of a group, such as `model=cnn`, is a tag of the job and no parameter.
    groups = [key for key in presentation.params if "." not in key and key != "seed"]
    return runs_view(
        sweep_id,
        filter_string=f"tags.{SWEEP_ID} = '{sweep_id}' and tags.{ROLE} != '{ATTEMPT}'",
        order_by_metric=goal.metric,
        ascending=goal.direction == "minimize",
        curves=list(dict.fromkeys([goal.metric.removeprefix("best_"), "val_loss"])),
        params=[key for key in presentation.params if key not in groups],
        tags=groups,
    )


def with_links(note: str, experiment_id: str, sweep_id: str, best: str | None) -> str:
    """Returns a note with links to the jobs and to the best one below its first paragraph.

    Args:
        note: The result in Markdown.
        experiment_id: MLflow's experiment.
        sweep_id: The sweep.
        best: Id of the best job's run; None if no job is the best.
    """
    best_job, *rest = note.split("\n\n")
    links = f"[All jobs, ranked]({runs_page(experiment_id, sweep_id)})."
    if best is not None:
        page = run_page(experiment_id, best)
        links = f"The metrics of this run are those of [the best job]({page}). {links}"
    return "\n\n".join([best_job, links, *rest])
