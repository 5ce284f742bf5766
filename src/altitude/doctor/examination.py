"""Examines a composed experiment: builds it, looks at it, and trains a batch of it."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator

from altitude.data.pipeline import Pipelines
from altitude.doctor.data_checks import check_classes
from altitude.doctor.model_checks import check_model
from altitude.doctor.report import Finding, Measurement, Report, Verdict
from altitude.doctor.speed_checks import check_speed
from altitude.experiment import Experiment
from altitude.experiment.model_checks import check_signatures
from altitude.session import fresh_session, start_tensorflow
from altitude.strategies import OneDevice
from altitude.training.building import build_training
from altitude.training.training import Training


def examine(experiment: Experiment) -> Report:
    """Examines an experiment on one device, without training it and without tracking anything.

    Args:
        experiment: The experiment.

    Returns:
        What was measured, and what looks ill.

    Raises:
        ConfigError: If parts of the experiment contradict each other.
        DataError: If the data cannot be found, or are damaged.

    Example:
        >>> import altitude
        >>> from altitude.doctor import examine
        >>> report = examine(altitude.compose(["dataset=digits", "tracking=none"]))
        >>> [verdict.name for verdict in report.verdicts]
        []
    """
    experiment = dataclasses.replace(experiment, strategy=OneDevice())
    start_tensorflow()
    check_signatures(experiment)
    loop = experiment.loop
    with fresh_session(experiment.seed, loop.precision):
        return Report.of(_findings(experiment))


def _findings(experiment: Experiment) -> Iterator[Finding]:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        pipelines = experiment.dataset.build(experiment.seed, experiment.objective.class_weight)
    yield from (_as_verdict(str(warning.message)) for warning in raised)
    yield from check_classes(pipelines)
    notes: list[str] = []
    training = build_training(experiment, pipelines, notes.append)
    yield from (Measurement(subject="model", text=note) for note in notes)
    yield from _of_training(training, pipelines)


def _of_training(training: Training, pipelines: Pipelines) -> Iterator[Finding]:
    model = training.model
    if getattr(model, "loss", None) is None:
        text = f"{type(model).__name__} has no compiled loss: its gradients are not examined"
        yield Measurement(subject="model", text=text)
        return
    yield from check_model(model, pipelines)
    yield from check_speed(model, pipelines)


def _as_verdict(warning: str) -> Verdict:
    return Verdict(
        name="suspicious data",
        subject="data",
        seen=warning,
        reason="such data raise no error in training, but spoil its result",
        instead="look at the examples, or at how they are loaded",
    )
