"""Builds the model of a run once more, with the best weights that it has saved."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from altitude.config.recorded import for_evaluation, read_recorded, with_overrides
from altitude.errors import ConfigError, Problem
from altitude.experiment import Experiment
from altitude.records.evaluation.scored_data import ScoredData
from altitude.records.record import RunRecord
from altitude.session import fresh_session, start_tensorflow
from altitude.steps.overridden_methods import missing_for_evaluation
from altitude.training.training import Training

DAMAGE = (ValueError, OSError, KeyError, zipfile.BadZipFile, zlib.error)
"""What reading the file of a damaged or of another model raises."""


@contextmanager
def restored(
    record: RunRecord,
    load: Callable[[Experiment], ScoredData],
    overrides: Sequence[str] = (),
) -> Iterator[tuple[Training, ScoredData]]:
    """Builds the training of a run with its best weights, in a Keras session of its own.

    Args:
        record: The run.
        load: Loads the data to evaluate on.
        overrides: Changes of the recorded config, as on the command line.

    Yields:
        The training and the data.

    Raises:
        ConfigError: If the run cannot be built, or if its model cannot be evaluated.
        DataError: If the data cannot be found, or are damaged.
        TrackingError: If the tracking store cannot be used.
    """
    from altitude.training.building import build_training

    weights = record.weights_file
    with tempfile.TemporaryDirectory(prefix="altitude-") as folder:
        experiment = _experiment(record, Path(folder), overrides)
        start_tensorflow(experiment.strategy.start)
        with (
            fresh_session(experiment.seed, experiment.loop.precision),
            experiment.strategy.scope(),
        ):
            data = load(experiment)
            training = build_training(experiment, data.pipelines, _ignore)
            _require_evaluable(training, record)
            _load(training, weights)
            yield training, data


def _ignore(_sentence: str) -> None:
    """Adaptations of the model to its data were reported when it was trained."""


def _experiment(record: RunRecord, folder: Path, overrides: Sequence[str]) -> Experiment:
    settings = record.settings
    if overrides:
        settings = with_overrides(settings, overrides)
    return read_recorded(for_evaluation(settings), folder)


def _require_evaluable(training: Training, record: RunRecord) -> None:
    missing = missing_for_evaluation(training.model)
    if missing:
        given = f"{record.name}, whose model has {missing}"
        raise ConfigError([Problem("RUN", given, "a run whose model can be evaluated")])
    unsaved = training.saved.unsaved
    if unsaved:
        more = "" if len(unsaved) == 1 else f" and {len(unsaved) - 1} more"
        given = f"{record.name}, whose best.keras is without the weights {unsaved[0]}{more}"
        expected = "a run that has saved all weights that its metrics depend on"
        raise ConfigError([Problem("RUN", given, expected)])


def _load(training: Training, weights: Path) -> None:
    """Loads the weights into a model that has been built.

    Raises:
        ConfigError: If they are those of another model.
    """
    if not training.model.built:
        batch = next(iter(training.pipelines.test))
        training.model(batch[0] if isinstance(batch, tuple) else batch, training=False)
    try:
        training.saved.load(weights)
    except DAMAGE as error:
        cause = str(error).partition("\n")[0][:200]
        given = f"{weights}: {cause}"
        expected = "weights of the model that the config builds for these data"
        raise ConfigError([Problem("RUN", given, expected)]) from error
