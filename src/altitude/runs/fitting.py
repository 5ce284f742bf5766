"""Trains a run to its end, from the beginning or from a resume point."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.runs.context import RunContext
from altitude.runs.resume import describe, goes_further
from altitude.training.checkpointing import Follow, resume_points
from altitude.training.resume_points import FOLDER, ResumePoint, has_point
from altitude.training.state import without_stop

if TYPE_CHECKING:
    from altitude.loops.position import Position
    from altitude.runs.callbacks import RunCallbacks
    from altitude.training.training import Training

NO_POINTS = "several processes leave no resume points: a run that is killed begins again"


def fit(
    training: Training,
    callbacks: RunCallbacks,
    context: RunContext,
    best_model: Path,
    point: ResumePoint | None,
) -> dict[str, float]:
    """Trains a model, and logs the best one even if training is interrupted.

    Args:
        training: The training, which has not begun.
        callbacks: The callbacks of the run.
        context: The tracking and display of the run.
        best_model: The path to save the best model under.
        point: The resume point to continue from; None trains from the start.

    Returns:
        The metrics of the best epoch, by name, and its number as `best_epoch`.

    Raises:
        KeyboardInterrupt: If the process was asked to end.
    """
    output_dir = training.experiment.output_dir
    for name, callback in callbacks.named.items():
        guarded = context.notices.guarded(f"callbacks.{name}", callback.on_train_end)
        callback.on_train_end = guarded
    training.callbacks = callbacks.ordered
    if point is not None:
        _go_on(training, point, context)
    try:
        with _following(training, context, best_model) as follow:
            training.fit(follow, lambda message: _report_rollback(context, message))
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(_kept_model(best_model, callbacks.best.epoch, callbacks.log.history))
        if has_point(output_dir):
            interrupt.add_note(f"go on: altitude resume {os.path.relpath(output_dir)}")
        raise
    finally:
        callbacks.progress.close()
        for file in training.saved.files(best_model):
            context.tracked.log_artifact(file)
    best, history = callbacks.best, callbacks.log.history
    seen = {name: values[best.epoch - 1] for name, values in history.items()}
    if not best.follows_checkpoint:  # it was saved later: averages or best weights are in it
        with context.notices.attempt("validation"):
            seen = training.validate()
    return seen | {"best_epoch": float(best.epoch)}


def _report_rollback(context: RunContext, message: str) -> None:
    context.console.print(message, highlight=False, soft_wrap=True, markup=False)
    context.tracked.set_tags({"rollback": message})


def _following(
    training: Training, context: RunContext, best_model: Path
) -> AbstractContextManager[Follow]:
    """What follows a training: one of several processes leaves no resume points."""
    experiment, request = training.experiment, context.request
    if experiment.strategy.several_processes:
        context.console.print(NO_POINTS, highlight=False, soft_wrap=True, markup=False)
        return nullcontext(lambda _: request.raise_if_asked())
    about = describe(experiment, training.pipelines.fingerprint)

    def log(point: Path) -> None:
        if experiment.loop.checkpoint_artifact:
            context.tracked.log_artifact(point, FOLDER)
            for file in training.saved.files(best_model):
                context.tracked.log_artifact(file)

    def is_last(position: Position) -> bool:
        return experiment.tracking.is_shared and training.ends_at(position)

    loop, folder = experiment.loop, experiment.output_dir
    return resume_points(folder, about, loop, training.state, request, log, is_last)


def _go_on(training: Training, point: ResumePoint, context: RunContext) -> None:
    """Restores a training from a resume point, and says from where it goes on."""
    state, experiment = point.state, training.experiment
    if state.is_stopped and goes_further(point, experiment):
        state = without_stop(state)
    training.restore(state)
    epoch, epochs = state.position.epoch + 1, experiment.loop.epochs
    where = f"epoch {epoch} of {epochs}, batch {state.position.step + 1}"
    if state.is_stopped or epoch > epochs:
        where = "the end of the last epoch"
    for line in filter(None, (point.notice, f"going on from {where}")):
        context.console.print(line, highlight=False, soft_wrap=True, markup=False)


def _kept_model(path: Path, epoch: int, history: Mapping[str, Sequence[float]]) -> str:
    """The best model of a training that was stopped, and how good it is."""
    if epoch == 0 or not path.exists():
        return "no model was saved before that"
    scores = {n: v[epoch - 1] for n, v in history.items() if n.startswith("val_")}
    listed = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    return f"kept: the best model so far, of epoch {epoch} ({listed or 'no validation'}):\n{path}"
