"""The result of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median

from altitude.lazy import keras, pandas
from altitude.runs.notebook import result_html
from altitude.runs.score_rows import score_rows
from altitude.training.resume_points import size_of_points

LARGE = 100e6
"""Bytes of a resume point that are worth a line."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outcome of one run. Epochs count from 1.

    Attributes:
        metrics: Final metrics: `best_epoch`, `best_*` of the best model in that epoch, `test_*` of
            the same model on the test data.
        metrics_by_epoch: The values of each metric, one an epoch, `learning_rate` and
            `epoch_seconds` included; NaN for an epoch that did not report it.
        traces: How often each step was traced into a graph, by its name; 0 where the graph was
            taken over from the run before in the same process.
        model_path: The best model, `best.keras`; opens with `keras.models.load_model`. Where only
            its weights could be saved, `best.weights.h5`.
        model_input: The inputs of the saved model, in words.
        class_names: The names of the classes, by label; empty if the dataset names none.
        model_saved: What of the best model is on disk: `model`; `weights`, where the whole cannot
            be saved; `untrusted`, where the file is not the model that was trained; `nothing`.
        notices: What is to be known of a run that finished: what failed after training, what the
            model's file needs to be opened.
        output_dir: The folder with the files of the run.
        run_id: MLflow's id of the run, None if it was not tracked.
        stop_reason: The reason why training ended: early stopping and its patience, the budget of
            epochs, a pruner.
        how_to_open: The instructions to open the run in MLflow's UI; empty if it was not tracked.

    Example:
        >>> import altitude
        >>> from rich.console import Console
        >>> overrides = ["dataset=digits", "dataset.limit=200", "loop.epochs=2", "tracking=none"]
        >>> result = altitude.run(altitude.compose(overrides), console=Console(quiet=True))
        >>> list(result.history.index)
        [1, 2]
        >>> result.best_epoch in (1, 2)
        True
        >>> result.model_path.name
        'best.keras'
        >>> result.model.input_shape
        (None, 8, 8)
    """

    metrics: Mapping[str, float]
    metrics_by_epoch: Mapping[str, Sequence[float]]
    model_path: Path
    output_dir: Path
    traces: Mapping[str, int] = field(default_factory=dict)
    model_input: str = ""
    class_names: tuple[str, ...] = ()
    model_saved: str = "model"
    notices: tuple[str, ...] = ()
    run_id: str | None = None
    stop_reason: str = ""
    how_to_open: str = ""

    @property
    def best_epoch(self) -> int:
        """The epoch that the best model is from."""
        return int(self.metrics["best_epoch"])

    @cached_property
    def history(self) -> pandas.DataFrame:
        """`metrics_by_epoch` as a data frame: a row for each epoch, a column for each metric."""
        frame = pandas.DataFrame(dict(self.metrics_by_epoch))
        frame.index = pandas.RangeIndex(1, len(frame) + 1, name="epoch")
        return frame

    @cached_property
    def model(self) -> keras.Model:
        """The best model, loaded when it is first asked for; compiled, if it was saved so."""
        return keras.models.load_model(self.model_path)

    def _repr_html_(self) -> str:
        """What a notebook shows: scores, curves, where the model is and how to use it."""
        return result_html(dict(self.rows()), self.output_dir)

    @property
    def snippet(self) -> str:
        """A line of Python that opens the best model."""
        return f'keras.models.load_model("{self.model_path}")'

    @property
    def learning_rate_cuts(self) -> list[int]:
        """Epochs that began with a lower learning rate than the one before."""
        rates = self.metrics_by_epoch.get("learning_rate", [])
        return [epoch + 2 for epoch, (a, b) in enumerate(pairwise(rates)) if b < a]

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yields the label and the text of each line of the closing table."""
        seconds = self.metrics_by_epoch.get("epoch_seconds", [])
        yield "best epoch", f"{self.best_epoch} of {len(seconds)}"
        if self.stop_reason:
            yield "stopped", self.stop_reason
        if seconds:
            yield "time", f"{median(seconds):.1f} s an epoch, {sum(seconds):.1f} s in all"
        yield from score_rows(self.metrics)
        if self.learning_rate_cuts:
            yield "learning-rate cuts", ", ".join(f"epoch {n}" for n in self.learning_rate_cuts)
        yield "model", str(self.model_path)
        if self.model_input:
            yield "takes", self.model_input
        if self.model_saved == "model":
            yield "use it", self.snippet
        taken = size_of_points(self.output_dir)
        if taken > LARGE:
            yield "resume point", f"{taken / 1e6:,.0f} MB, kept for loop.keep_checkpoint"
        for notice in self.notices:
            yield "notice", notice
        yield "run", self.run_id or "not tracked"
        if self.run_id:
            yield "open", self.how_to_open
