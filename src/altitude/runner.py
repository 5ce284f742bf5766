"""From an experiment to a tracked, verified result."""

import math
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from altitude.checks.built import check_built, check_signatures
from altitude.errors import ConfigError
from altitude.experiment import Experiment
from altitude.result import RunResult
from altitude.session import ending_on_signals, fresh_session, start_tensorflow
from altitude.tracking.run import Run

if TYPE_CHECKING:
    import keras

    from altitude.callbacks.epoch_log import EpochLog
    from altitude.data.pipeline import Pipelines

TOLERANCE = 1e-4
"""How far a reloaded model's validation metrics may be from those seen in training."""


def run(experiment: Experiment, *, console: Console | None = None) -> RunResult:
    """Runs an experiment: trains, keeps the best model, tests it, and logs all of it.

    Args:
        experiment: What to run.
        console: Where progress is shown; None for standard output.

    Returns:
        The result; its model has been reloaded and found to be the one that was seen in training.

    Raises:
        ConfigError: If classes, data, model and loss turn out not to fit together.
        DataError: If the data cannot be found, or is damaged.
        TrackingError: If the tracking store cannot be used.
    """
    console = console or Console()
    experiment.tracking.check()
    start_tensorflow()
    check_signatures(experiment)
    with ending_on_signals():
        tracked = experiment.tracking.open(experiment)
        with (
            _closing(tracked, experiment.output_dir),
            fresh_session(experiment.seed, experiment.loop.precision),
        ):
            result = _train(experiment, tracked, console)
    if tracked.notice:
        console.print(f"[yellow]{tracked.notice}[/]")
    return result


def _train(experiment: Experiment, tracked: Run, console: Console) -> RunResult:
    import keras

    from altitude.callbacks.best_epoch import BestEpoch
    from altitude.callbacks.epoch_log import EpochLog
    from altitude.callbacks.progress import ProgressDisplay

    pipelines = experiment.dataset.build(experiment.seed, experiment.objective.class_weight)
    tracked.set_tags({"dataset.fingerprint": pipelines.fingerprint})
    model = _compiled(experiment, experiment.model(pipelines.spec))
    check_built(model, model.loss, pipelines.spec)
    experiment.loop.prepare(model)
    path = experiment.output_dir / "best.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen: list[keras.callbacks.Callback] = [make() for make in experiment.callbacks.values()]
    best = BestEpoch(chosen, path)
    log = EpochLog(tracked.log_metrics)
    progress = ProgressDisplay(console)
    try:
        experiment.loop.run(model, pipelines, [*chosen, best, log, progress])
    finally:
        progress.close()
        if path.exists():
            tracked.log_artifact(path)
    seen = {name: values[best.epoch - 1] for name, values in log.history.items()}
    if not best.follows_checkpoint:  # it was saved later: averages or best weights are in it
        seen = _validation(experiment, model, pipelines)
    metrics = _score(experiment, path, pipelines, seen) | {"best_epoch": float(best.epoch)}
    return _record(experiment, tracked, path, metrics, log)


def _compiled(experiment: Experiment, model: "keras.Model") -> "keras.Model":
    model.compile(
        optimizer=experiment.optimizer(),
        **experiment.objective.compile_arguments(),
        **experiment.loop.compile_arguments(),
    )
    return model


def _validation(
    experiment: Experiment, model: "keras.Model", pipelines: "Pipelines"
) -> dict[str, float]:
    if pipelines.validation is None:
        return {}
    scores = experiment.loop.evaluate(model, pipelines.validation)
    return {f"val_{name}": value for name, value in scores.items()}


def _score(
    experiment: Experiment, path: Path, pipelines: "Pipelines", seen: Mapping[str, float]
) -> dict[str, float]:
    """Reloads the best model, makes sure that it is the one that was seen, and tests it.

    Raises:
        RuntimeError: If the reloaded model scores otherwise on the validation data.
    """
    import keras

    model = _compiled(experiment, keras.models.load_model(path, compile=False))
    experiment.loop.prepare(model)
    validation = _validation(experiment, model, pipelines)
    _require_same(path, {name: seen[name] for name in validation if name in seen}, validation)
    test = experiment.loop.evaluate(model, pipelines.test)
    return {
        **{f"best_{name}": seen.get(name, value) for name, value in validation.items()},
        **{f"test_{name}": value for name, value in test.items()},
    }


def _require_same(path: Path, seen: Mapping[str, float], reloaded: Mapping[str, float]) -> None:
    for name, value in seen.items():
        close = math.isclose(value, reloaded[name], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not close and not (math.isnan(value) and math.isnan(reloaded[name])):
            raise RuntimeError(
                f"{path} was reloaded and is not the model that was trained: {name} was {value} "
                f"and is now {reloaded[name]}. Something of the model is not saved with it, such "
                "as the state of a layer of your own"
            )


def _record(
    experiment: Experiment, tracked: Run, path: Path, metrics: dict[str, float], log: "EpochLog"
) -> RunResult:
    from altitude.tracking.curves import draw_curves

    tracked.log_metrics(metrics, step=int(metrics["best_epoch"]))
    curves = experiment.output_dir / "curves.png"
    draw_curves(log.history, int(metrics["best_epoch"]), curves)
    tracked.log_artifact(curves)
    return RunResult(
        metrics=metrics,
        history=log.history,
        model_path=path,
        output_dir=experiment.output_dir,
        run_id=tracked.run_id,
        how_to_open=tracked.how_to_open,
    )


@contextmanager
def _closing(tracked: Run, output_dir: Path) -> Iterator[None]:
    """Closes a run in every case, with the reason where it did not finish."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        tracked.set_tags({"reason": str(interrupt) or "Ctrl-C"})
        tracked.close("KILLED")
        raise
    except BaseException as error:
        _explain(tracked, output_dir, error)
        tracked.close("FAILED")
        raise
    tracked.close("FINISHED")


def _explain(tracked: Run, output_dir: Path, error: BaseException) -> None:
    name = "configuration" if isinstance(error, ConfigError) else type(error).__name__
    tracked.set_tags({"exception": f"{name}: {error}"[:5000]})
    report = output_dir / "traceback.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("".join(traceback.format_exception(error)))
    tracked.log_artifact(report)
