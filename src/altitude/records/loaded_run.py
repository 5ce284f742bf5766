"""A run that was begun before, in Python and in notebooks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from altitude.data.arrays import Array
from altitude.lazy import keras, pandas
from altitude.records.find import find_run
from altitude.records.record import RunRecord
from altitude.records.summary import summary_html
from altitude.runs.result import RunResult
from altitude.runs.result_file import RESULT
from altitude.session import start_tensorflow

if TYPE_CHECKING:
    from altitude.records.evaluation.evaluation import Evaluation
    from altitude.records.evaluation.scored_data import Split
    from altitude.records.prediction.predict import Predictor

SHOWN_FAULTS = 5
"""The number of examples without a prediction that a warning names."""


@dataclass(frozen=True)
class LoadedRun:
    """A run that was begun before. What is asked for is read, or downloaded, when it is asked for.

    Attributes:
        record: The files of the run and what MLflow has of it.
    """

    record: RunRecord

    @property
    def config(self) -> Mapping[str, Any]:
        """The resolved config, as plain values by group."""
        return self.record.settings

    @property
    def result(self) -> RunResult:
        """The result of the run, once it has finished."""
        return self.record.result

    @cached_property
    def history(self) -> pandas.DataFrame:
        """A row for each epoch, a column for each metric; as far as a run has come in MLflow."""
        if self.record.find_file(RESULT) is not None or self.record.logged is None:
            return self.result.history
        return pandas.DataFrame(self.record.logged.history()).sort_index().rename_axis("epoch")

    @property
    def model(self) -> keras.Model:
        """The best model, not compiled; it takes the data as they are stored."""
        return self._predictor.model

    def evaluate(
        self, split: Split = "test", data: Path | str | None = None, overrides: Sequence[str] = ()
    ) -> Evaluation:
        """Evaluates the best model as `altitude evaluate` does; nothing is added to the run.

        Args:
            split: The split, of the run's own dataset or of that in `overrides`.
            data: An `.npz` file with `x` and `y`, in place of a split.
            overrides: Another dataset, such as `dataset=npz` and `dataset.path=mine.npz`.

        Returns:
            The metrics of the run and, by the kind of its task, more.

        Raises:
            ConfigError: If the run cannot be evaluated, or not on these data.
            DataError: If the data cannot be found, or are damaged.
            TrackingError: If the tracking store cannot be used.
        """
        start_tensorflow()
        from altitude.records.evaluation.evaluate import evaluate

        return evaluate(self.record, split, None if data is None else Path(data), overrides)

    def predict(self, inputs: Array | Path | str, batch_size: int = 128) -> pandas.DataFrame:
        """Predicts as `altitude predict` does. Warns of examples that cannot be predicted.

        Args:
            inputs: Inputs as they are stored, (examples, ...); or the path of a file or of a folder
                of images.
            batch_size: The number of examples that are predicted at a time.

        Returns:
            A row for each example that was predicted, by its number or its file: the class and the
            probability of each class, or values.

        Raises:
            ConfigError: If there is no such file, or if the model takes inputs of another form.
            DataError: If the file turns out to be damaged later on.
            TrackingError: If the tracking store cannot be used.
        """
        from altitude.records.prediction.in_memory import predict_in_memory

        predictions = predict_in_memory(self._predictor, inputs, batch_size)
        if predictions.faults:
            shown = "; ".join(predictions.faults[:SHOWN_FAULTS])
            more = len(predictions.faults) - SHOWN_FAULTS
            text = f"{len(predictions.faults):,} examples have no prediction: {shown}"
            warnings.warn(f"{text}; and {more:,} more" if more > 0 else text, stacklevel=2)
        return predictions.frame

    def _repr_html_(self) -> str:
        """What a notebook shows: what differs from the defaults, scores, curves and places."""
        return summary_html(self.record)

    @cached_property
    def _predictor(self) -> Predictor:
        start_tensorflow()
        from altitude.records.prediction.predict import predictor_of

        return predictor_of(self.record)


def load(run: str | Path | RunResult) -> LoadedRun:
    """Loads a run that was begun before, here or on a tracking server.

    Args:
        run: What `altitude.run` has returned; or as on the command line `latest`, `best` of the
            latest sweep, `SWEEP/best`, an id or its beginning, the folder of a run, or a `.keras`
            file.

    Returns:
        The run.

    Raises:
        ConfigError: If there is no such run, or several.
        TrackingError: If the tracking store, which is asked for ids, cannot be used.

    Example:
        >>> import altitude
        >>> from altitude.data import Digits
        >>> from rich.console import Console
        >>> overrides = ["dataset=digits", "loop.epochs=2", "tracking=none"]
        >>> result = altitude.run(altitude.compose(overrides), console=Console(quiet=True))
        >>> run = altitude.load(result)
        >>> run.config["dataset"]["batch_size"]
        128
        >>> run.predict(Digits().load().test.x[:3]).shape
        (3, 11)
        >>> run.evaluate("test").metrics["accuracy"] == result.metrics["test_accuracy"]
        True
    """
    return LoadedRun(find_run(str(run.output_dir if isinstance(run, RunResult) else run)))
