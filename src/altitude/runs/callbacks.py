"""The callbacks of one run: the user's, and ours in front of them and behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
from rich.console import Console

from altitude.callbacks.artifact_log import ArtifactLog
from altitude.callbacks.best_epoch import BestEpoch
from altitude.callbacks.epoch_log import EpochLog
from altitude.callbacks.interruption import Interruption
from altitude.callbacks.progress import ProgressDisplay
from altitude.callbacks.require_finite import RequireFinite
from altitude.callbacks.require_monitored import with_monitors_required
from altitude.callbacks.require_results import RequireResults
from altitude.callbacks.stop_reason import stop_reason
from altitude.experiment import Experiment
from altitude.experiment.monitoring import default_monitor
from altitude.experiment.remedies import divergence_remedies
from altitude.experiment.tracking import Run


@dataclass(frozen=True)
class RunCallbacks:
    """The callbacks of one run.

    Attributes:
        named: The user's callbacks, by name.
        ordered: All callbacks, in the order of their calls.
        best: Records the best epoch.
        log: Records the metrics of all epochs.
        progress: Shows the progress of training.
    """

    named: Mapping[str, keras.callbacks.Callback]
    ordered: Sequence[keras.callbacks.Callback]
    best: BestEpoch
    log: EpochLog
    progress: ProgressDisplay

    def stop_reason(self, budget: int) -> str:
        """Returns why training ended, in words.

        Args:
            budget: The largest number of epochs.
        """
        return stop_reason(self.named, self.log.epochs, budget)


def build_callbacks(
    experiment: Experiment,
    tracked: Run,
    console: Console,
    raise_if_asked: Callable[[], None],
    *,
    best_model: Path,
    results: Sequence[str],
) -> RunCallbacks:
    """Builds the callbacks of an experiment.

    Args:
        experiment: The experiment, with the user's callbacks.
        tracked: The run that metrics and files are logged to.
        console: The console that shows progress.
        raise_if_asked: Raises if the process was asked to end; see `altitude.session.EndRequest`.
        best_model: The path to save the best model under.
        results: The final metrics that the run must have.

    Returns:
        The callbacks, in the order of their calls.
    """
    named = {name: make() for name, make in experiment.callbacks.items()}
    defaults = {"val_loss", default_monitor(experiment.objective, experiment.loop)}
    best = BestEpoch([*named.values()], best_model)
    log = EpochLog(tracked.log_metrics)
    progress = ProgressDisplay(console)
    # Processes that train together must end in the same epoch, or the others wait for ever.
    every_call = not experiment.strategy.several_processes
    ordered = [
        RequireFinite(divergence_remedies(experiment), every_call=every_call),
        *with_monitors_required(named, defaults, console.print),
        RequireResults(results),
        best,
        log,
        ArtifactLog(experiment.output_dir / "artifacts", tracked.log_artifact),
        progress,
        Interruption(raise_if_asked),
    ]
    return RunCallbacks(named, ordered, best, log, progress)
