"""From an experiment to a tracked, verified result."""

from __future__ import annotations

import dataclasses
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from altitude.display.status import status
from altitude.errors import ConfigError, TrackingError
from altitude.experiment import Experiment
from altitude.experiment.model_checks import check_signatures
from altitude.failures import failure_reason
from altitude.runs.closing_markdown import closing_markdown
from altitude.runs.context import RunContext
from altitude.runs.describe import describe_run
from altitude.runs.fitting import fit
from altitude.runs.notices import Notices
from altitude.runs.output_folder import RunFolder, run_folder
from altitude.runs.result import RunResult
from altitude.runs.result_file import write_result
from altitude.runs.resume import require_same_data, require_same_settings
from altitude.runs.scoring import score
from altitude.runs.worker import experiment_for_worker
from altitude.session import ending_on_signals, fresh_session, start_tensorflow
from altitude.steps.overridden_methods import missing_for_evaluation
from altitude.tracking.run import DESCRIPTION, Run
from altitude.tracking.tags import EXCEPTION, REASON, VALIDATION_EXAMPLES
from altitude.training.graphs import GraphCache
from altitude.training.resume_points import ResumePoint, has_point, newest_point, remove_points

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines
    from altitude.runs.callbacks import RunCallbacks
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
        experiment: The experiment to run.
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
    experiment = _with_store(experiment, console)
    with status(console, "starting TensorFlow"):
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
            notices = Notices(tracked, experiment.output_dir)
            context = RunContext(tracked, console, request, notices)
            result = _train(experiment, context, graphs, results, point)
    folder.note(tracked.run_id, is_finished=True)
    if not (experiment.loop.keep_checkpoint or experiment.tracking.is_shared):
        remove_points(experiment.output_dir)
    if tracked.notice:
        console.print(f"[yellow]{tracked.notice}[/]")
    return result


def _with_store(experiment: Experiment, console: Console) -> Experiment:
    """The experiment with a store that can be used: that in its own folder, if it may be that."""
    try:
        experiment.tracking.check()
    except TrackingError as error:
        instead = experiment.tracking.instead(experiment.output_dir)
        if instead is None:
            raise
        reason, _, _ = str(error).partition("\n")
        message = f"{reason}: the run is logged in its own folder, until `altitude sync` sends it"
        console.print(message, soft_wrap=True, highlight=False, markup=False)
        return dataclasses.replace(experiment, tracking=instead)
    return experiment


def _moved_to(folder: Path, experiment: Experiment, console: Console) -> Experiment:
    """The experiment in a folder that no other run writes into."""
    if folder != experiment.output_dir:
        message = f"{experiment.output_dir} belongs to another run; this one writes into {folder}"
        console.print(message, soft_wrap=True, highlight=False, markup=False)
    return experiment.in_folder(folder)


def _train(
    experiment: Experiment,
    context: RunContext,
    graphs: GraphCache,
    results: Sequence[str],
    point: ResumePoint | None,
) -> RunResult:
    from altitude.training.building import build_training

    console, tracked, notices = context.console, context.tracked, context.notices
    pipelines = _load(experiment, context, graphs, point)
    with status(console, "building the model"):
        training = graphs.begin(build_training(experiment, pipelines, console.print))
    path = experiment.output_dir / BEST_MODEL
    training.saved.rehearse()
    callbacks = _callbacks(training, context, path, results)
    seen = fit(training, callbacks, context, path, point)
    with status(console, "testing the best model"):
        scores = score(training, seen, path, notices)
    tracked.set_tags({"model_saved": training.saved.kind})
    for warning in training.traces.warnings():
        warnings.warn(warning, stacklevel=2)
    with notices.attempt("reuse of the graphs"):
        graphs.keep(training)
    return _record(training, callbacks, context, scores)


def _load(
    experiment: Experiment, context: RunContext, graphs: GraphCache, point: ResumePoint | None
) -> Pipelines:
    with status(context.console, f"loading {experiment.dataset.name}"):
        pipelines = graphs.pipelines(experiment)
    if pipelines.note:
        context.console.print(pipelines.note, highlight=False, soft_wrap=True)
    if point is not None:
        require_same_data(point, pipelines.fingerprint)
    examples = {VALIDATION_EXAMPLES: str(pipelines.validation_examples)}
    context.tracked.set_tags({"dataset.fingerprint": pipelines.fingerprint} | examples)
    return pipelines


def _callbacks(
    training: Training, context: RunContext, best_model: Path, results: Sequence[str]
) -> RunCallbacks:
    from altitude.callbacks.require_monitored import require_no_validation_monitors
    from altitude.runs.callbacks import build_callbacks

    best_model.parent.mkdir(parents=True, exist_ok=True)
    callbacks = build_callbacks(
        training.experiment,
        context.tracked,
        context.console,
        context.request.raise_if_asked,
        best_model=best_model,
        results=results,
    )
    if training.pipelines.validation is None and not missing_for_evaluation(training.model):
        require_no_validation_monitors(callbacks.named)
    return callbacks


def _about_file(saved: SavedModel) -> list[str]:
    """What users have to know about the file before they open it elsewhere."""
    if saved.trouble:
        return [f"only weights are saved: {saved.trouble}"]
    arguments = saved.opens_with
    return [f"best.keras opens with load_model(path, {arguments})"] if arguments else []


def _record(
    training: Training, callbacks: RunCallbacks, context: RunContext, metrics: dict[str, float]
) -> RunResult:
    from altitude.tracking.curves import draw_curves

    tracked, notices, log = context.tracked, context.notices, callbacks.log
    experiment, saved = training.experiment, training.saved
    output_dir = experiment.output_dir
    path, best_epoch = output_dir / BEST_MODEL, int(metrics["best_epoch"])
    tracked.log_metrics(metrics, step=best_epoch)
    curves = output_dir / "curves.png"
    with notices.attempt("curves"):
        draw_curves(log.history, best_epoch, curves)
        tracked.log_artifact(curves)
    class_names: tuple[str, ...] = ()
    with notices.attempt("names of the classes"):
        class_names = tuple(map(str, getattr(experiment.dataset, "class_names", ())))
    result = RunResult(
        metrics=metrics,
        metrics_by_epoch=log.history,
        traces=training.traces.counts,
        model_path=next(iter(saved.files(path)), path),
        model_input=saved.model_input,
        class_names=class_names,
        model_saved=saved.kind,
        notices=(*notices.texts, *_about_file(saved)),
        output_dir=output_dir,
        run_id=tracked.run_id,
        stop_reason=callbacks.stop_reason(experiment.loop.epochs),
        how_to_open=tracked.how_to_open,
    )
    tracked.set_tags({"epochs": str(log.epochs), DESCRIPTION: closing_markdown(result)})
    with notices.attempt("result file"):
        tracked.log_artifact(write_result(result))
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
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text("".join(traceback.format_exception(error)))
    except OSError as failure:  # the disk may be full, which must not hide the reason
        error.add_note(f"{report}, which could not be written: {failure}")
        return
    tracked.log_artifact(report)
    error.add_note(str(report))
