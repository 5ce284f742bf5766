"""From an experiment to a tracked, verified result."""

from __future__ import annotations

import dataclasses
import os
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from altitude.display.status import status
from altitude.errors import ConfigError
from altitude.experiment import Experiment
from altitude.experiment.model_checks import check_signatures
from altitude.failures import failure_reason
from altitude.runs.closing_markdown import closing_markdown
from altitude.runs.describe import describe_run
from altitude.runs.notices import Notices
from altitude.runs.output_folder import RunFolder, run_folder
from altitude.runs.result import RunResult
from altitude.runs.resume import (
    describe,
    goes_further,
    require_same_data,
    require_same_settings,
)
from altitude.runs.scoring import score, validate
from altitude.runs.worker import experiment_for_worker
from altitude.session import EndRequest, ending_on_signals, fresh_session, start_tensorflow
from altitude.tracking.run import DESCRIPTION, Run
from altitude.tracking.tags import EXCEPTION, REASON, VALIDATION_EXAMPLES
from altitude.training.checkpointing import Follow, resume_points
from altitude.training.graphs.cache import Assembly, GraphCache, assemble
from altitude.training.resume_points import ResumePoint, has_point, newest_point, remove_points

if TYPE_CHECKING:
    from altitude.callbacks.epoch_log import EpochLog
    from altitude.training.best_model.saved_model import SavedModel
    from altitude.training.training import Training

BEST_MODEL = "best.keras"
"""What the best model's file is called, in the run's folder and among its artifacts."""


def run(
    experiment: Experiment,
    *,
    console: Console | None = None,
    graphs: GraphCache | None = None,
    results: Sequence[str] = (),
    resume: bool = False,
    allow: Sequence[str] = (),
) -> RunResult:
    """Runs an experiment: trains, keeps the best model, tests it, and logs all of it.

    Args:
        experiment: What to run.
        console: Where progress is shown; None for standard output.
        graphs: Traced graphs of an earlier run in this process, and where this one leaves its own:
            a run that differs in values alone is traced no second time. None keeps nothing.
        results: Final metrics that the run must have, such as `best_val_accuracy`. It ends with the
            first epoch if it will not have them.
        resume: Whether the run goes on that has begun in the experiment's folder, from its newest
            resume point or, if it was killed before it left one, from the beginning. It ends with
            the bits with which it would have ended undisturbed.
        allow: Settings, by key, in which the run to resume may differ from how it began, beyond
            epochs and patience.

    Returns:
        The result; its model has been reloaded and found to be the one that was seen in training,
        or its notices say what is saved in place of it.

    Raises:
        ConfigError: If parts of the experiment contradict each other, as on the command line; or
            if classes, data, model and loss turn out not to fit together; or if the run to resume
            began with other settings.
        DataError: If the data cannot be found, or is damaged.
        TrackingError: If the tracking store cannot be used.
        TrainingError: If training goes wrong for a reason that can be mended: see its subclasses.
        StateError: If none of its resume points is whole.
        TypeError: If `experiment` is not an `Experiment`, but overrides, for example.

    Example:
        >>> import altitude
        >>> from rich.console import Console
        >>> overrides = ["dataset=digits", "loop.epochs=3", "tracking=none"]
        >>> experiment = altitude.compose(overrides)
        >>> result = altitude.run(experiment, console=Console(quiet=True))
        >>> result.metrics["test_accuracy"] > 0.5
        True
    """
    if not isinstance(experiment, Experiment):
        raise TypeError(
            f"altitude.run takes an altitude.Experiment, received: {experiment!r}. "
            "To run what a command line would: altitude.run(altitude.compose([...]))"
        )
    console = Console(quiet=True) if not experiment.strategy.is_chief else console or Console()
    graphs = graphs or GraphCache()
    with (
        experiment_for_worker(experiment) as part,
        run_folder(part.output_dir, goes_on=resume) as folder,
    ):
        point = newest_point(folder.path) if resume and has_point(folder.path) else None
        if point is not None:
            require_same_settings(point, part, allow)
        experiment = _moved_to(folder.path, part, console)
        return _run(experiment, folder, console, graphs, results, point)


def _run(
    experiment: Experiment,
    folder: RunFolder,
    console: Console,
    graphs: GraphCache,
    results: Sequence[str],
    point: ResumePoint | None,
) -> RunResult:
    with status(console, "starting TensorFlow"):
        experiment.tracking.check()
        start_tensorflow(experiment.strategy.start)
        check_signatures(experiment)
    with ending_on_signals() as request:
        with status(console, "opening the run"):
            tracked = experiment.tracking.open(describe_run(experiment), folder.run_id)
            folder.note(tracked.run_id)
        with (
            _closing(tracked, experiment.output_dir),
            fresh_session(experiment.seed, experiment.loop.precision),
            experiment.strategy.scope(),
        ):
            result = _train(experiment, tracked, console, graphs, request, results, point)
    folder.note(tracked.run_id, is_finished=True)
    if not experiment.loop.keep_checkpoint:
        remove_points(experiment.output_dir)
    if tracked.notice:
        console.print(f"[yellow]{tracked.notice}[/]")
    return result


def _moved_to(folder: Path, experiment: Experiment, console: Console) -> Experiment:
    """The experiment in a folder that no other run writes into."""
    if folder != experiment.output_dir:
        message = f"{experiment.output_dir} belongs to another run; this one writes into {folder}"
        console.print(message, soft_wrap=True, highlight=False, markup=False)
    return experiment.in_folder(folder)


def _train(
    experiment: Experiment,
    tracked: Run,
    console: Console,
    graphs: GraphCache,
    request: EndRequest,
    results: Sequence[str],
    point: ResumePoint | None,
) -> RunResult:
    with status(console, f"loading {experiment.dataset.name}"):
        pipelines = graphs.pipelines(experiment)
    if pipelines.note:
        console.print(pipelines.note, highlight=False, soft_wrap=True)
    if point is not None:
        require_same_data(point, pipelines.fingerprint)
    examples = {VALIDATION_EXAMPLES: str(pipelines.validation_examples)}
    tracked.set_tags({"dataset.fingerprint": pipelines.fingerprint} | examples)
    with status(console, "building the model"):
        assembly = graphs.begin(assemble(experiment, pipelines, console))
    model, pipelines = assembly.model, assembly.pipelines
    saved, path = assembly.saved, experiment.output_dir / BEST_MODEL
    notices = Notices(tracked, experiment.output_dir)
    saved.rehearse()
    seen, log, stop_reason = _fit(assembly, tracked, console, request, results, notices, point)
    with status(console, "testing the best model"):
        scores = score(experiment, model, saved, pipelines, seen, path, notices)
    tracked.set_tags({"model_saved": saved.kind})
    for warning in assembly.traces.warnings():
        warnings.warn(warning, stacklevel=2)
    if not experiment.strategy.distributes:  # copies of a model are not taken over
        with notices.attempt("reuse of the graphs"):
            graphs.keep(assembly)
    return _record(assembly, tracked, scores, log, stop_reason, notices)


def _about_file(saved: SavedModel) -> list[str]:
    """What to know about the file before it is opened elsewhere."""
    if saved.trouble:
        return [f"only weights are saved: {saved.trouble}"]
    arguments = saved.opens_with
    return [f"best.keras opens with load_model(path, {arguments})"] if arguments else []


def _fit(
    assembly: Assembly,
    tracked: Run,
    console: Console,
    request: EndRequest,
    results: Sequence[str],
    notices: Notices,
    point: ResumePoint | None,
) -> tuple[dict[str, float], EpochLog, str]:
    """Trains.

    Returns:
        The metrics of the epoch that the best model is from, the log, and why training ended.
    """
    from altitude.callbacks.require_monitored import require_no_validation
    from altitude.runs.callbacks import build_callbacks
    from altitude.steps.own import missing_for_evaluation
    from altitude.training.training import Training

    experiment, model, pipelines = assembly.experiment, assembly.model, assembly.pipelines
    path = experiment.output_dir / BEST_MODEL
    path.parent.mkdir(parents=True, exist_ok=True)
    callbacks = build_callbacks(
        experiment, tracked, console, request.raise_if_asked, best_model=path, results=results
    )
    if pipelines.validation is None and not missing_for_evaluation(model):
        require_no_validation(callbacks.named)
    for name, callback in callbacks.named.items():
        callback.on_train_end = notices.guarded(f"callbacks.{name}", callback.on_train_end)
    training = Training(experiment.loop, model, pipelines, callbacks.ordered)
    if point is not None:
        _go_on(training, point, experiment, console)
    about = describe(experiment, tracked.run_id, pipelines.fingerprint)
    try:
        with _following(experiment, about, training, request) as follow:
            training.fit(follow)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(_what_is_kept(path, callbacks.best.epoch, callbacks.log.history))
        if has_point(experiment.output_dir):
            interrupt.add_note(f"go on: altitude resume {os.path.relpath(experiment.output_dir)}")
        raise
    finally:
        callbacks.progress.close()
        for file in assembly.saved.files(path):
            tracked.log_artifact(file)
    best, log = callbacks.best, callbacks.log
    seen = {name: values[best.epoch - 1] for name, values in log.history.items()}
    if not best.follows_checkpoint:  # it was saved later: averages or best weights are in it
        with notices.attempt("validation"):
            seen = validate(experiment, model, pipelines)
    reason = callbacks.stop_reason(experiment.loop.epochs)
    return seen | {"best_epoch": float(best.epoch)}, log, reason


def _following(
    experiment: Experiment, about: Mapping[str, Any], training: Training, request: EndRequest
) -> AbstractContextManager[Follow]:
    """What follows a training: copies of a model leave no resume points."""
    if experiment.strategy.distributes:
        return nullcontext(lambda _: request.raise_if_asked())
    return resume_points(experiment.output_dir, about, experiment.loop, training.state, request)


def _go_on(
    training: Training, point: ResumePoint, experiment: Experiment, console: Console
) -> None:
    """Restores a training from a resume point, and says from where it goes on."""
    state = point.state
    if state.is_stopped and goes_further(point, experiment):
        state = dataclasses.replace(state, is_stopped=False)
    training.restore(state)
    epoch, epochs = state.position.epoch + 1, experiment.loop.epochs
    where = f"epoch {epoch} of {epochs}, batch {state.position.step + 1}"
    if state.is_stopped or epoch > epochs:
        where = "the end of the last epoch"
    for line in filter(None, (point.notice, f"going on from {where}")):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def _what_is_kept(path: Path, epoch: int, history: Mapping[str, Sequence[float]]) -> str:
    """The best model of a training that was stopped, and how good it is."""
    if epoch == 0 or not path.exists():
        return "no model was saved before that"
    scores = {n: v[epoch - 1] for n, v in history.items() if n.startswith("val_")}
    told = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    return f"kept: the best model so far, of epoch {epoch} ({told or 'no validation'}):\n{path}"


def _record(
    assembly: Assembly,
    tracked: Run,
    metrics: dict[str, float],
    log: EpochLog,
    stop_reason: str,
    notices: Notices,
) -> RunResult:
    from altitude.tracking.curves import draw_curves

    saved, output_dir = assembly.saved, assembly.experiment.output_dir
    path, best_epoch = output_dir / BEST_MODEL, int(metrics["best_epoch"])
    tracked.log_metrics(metrics, step=best_epoch)
    curves = output_dir / "curves.png"
    with notices.attempt("curves"):
        draw_curves(log.history, best_epoch, curves)
        tracked.log_artifact(curves)
    result = RunResult(
        metrics=metrics,
        metrics_by_epoch=log.history,
        traces=assembly.traces.counts,
        model_path=next(iter(saved.files(path)), path),
        model_input=saved.model_input,
        model_saved=saved.kind,
        notices=(*notices.texts, *_about_file(saved)),
        output_dir=output_dir,
        run_id=tracked.run_id,
        stop_reason=stop_reason,
        how_to_open=tracked.how_to_open,
    )
    tracked.set_tags({"epochs": str(log.epochs), DESCRIPTION: closing_markdown(result)})
    return result


@contextmanager
def _closing(tracked: Run, output_dir: Path) -> Iterator[None]:
    """Closes a run in every case, with the reason where it did not finish."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        tracked.set_tags({REASON: tracked.asked_to_stop or str(interrupt) or "Ctrl-C"})
        tracked.close("KILLED")
        raise
    except BaseException as error:
        _explain(tracked, output_dir, error)
        tracked.close("FAILED")
        raise
    tracked.close("FINISHED")


def _explain(tracked: Run, output_dir: Path, error: BaseException) -> None:
    """Logs why a run failed, and writes the whole traceback to a file that the error names."""
    name = "configuration" if isinstance(error, ConfigError) else type(error).__name__
    whole = f"{name}: {error}"[:5000]
    tracked.set_tags({EXCEPTION: whole, REASON: failure_reason(error)[:5000]})
    report = output_dir / "traceback.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("".join(traceback.format_exception(error)))
    tracked.log_artifact(report)
    error.add_note(str(report))
