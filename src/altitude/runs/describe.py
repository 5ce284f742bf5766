"""Describes an experiment for tracking."""

from pathlib import Path

from altitude.experiment import Experiment
from altitude.experiment.tracking import RunDescription

NAME_LENGTH = 250


def describe_run(experiment: Experiment) -> RunDescription:
    """Describes an experiment for the run that tracks it.

    Args:
        experiment: The experiment that is about to run.

    Returns:
        Its name, settings and tags for the tracking store.
    """
    return RunDescription(
        name=_name(experiment),
        settings=experiment.settings(),
        portable_settings=experiment.in_folder(Path()).settings(),
        overrides=experiment.overrides,
        output_dir=experiment.output_dir,
        tags={"altitude": experiment.loop.name, "dataset.name": experiment.dataset.name},
    )


def _name(experiment: Experiment) -> str:
    """The overrides without the folders of their keys; without any, dataset and loop."""
    chosen = [o for o in experiment.overrides if not o.startswith(("tracking.", "hydra."))]
    short = [text[text.rfind(".", 0, text.find("=")) + 1 :] for text in chosen]
    return " ".join(short)[:NAME_LENGTH] or f"{experiment.dataset.name} {experiment.loop.name}"
