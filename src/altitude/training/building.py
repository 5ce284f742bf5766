"""From an experiment and its data to a training."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from altitude.calls.returned import check_returned
from altitude.data.pipeline import Pipelines
from altitude.experiment import Experiment
from altitude.experiment.model_checks import check_built, check_distributable
from altitude.experiment.overridden_methods import check_overrides
from altitude.lazy import keras
from altitude.loops.traces import Traces
from altitude.objective import Objective
from altitude.steps.overridden_methods import missing_for_evaluation
from altitude.training.best_model.plain import part_named
from altitude.training.best_model.saved_model import SavedModel
from altitude.training.compilation import compile_model
from altitude.training.graphs.graph_record import GraphRecord
from altitude.training.training import Training


def build_training(
    experiment: Experiment, pipelines: Pipelines, report: Callable[[str], None]
) -> Training:
    """Builds, compiles and prepares the model of an experiment.

    Args:
        experiment: The experiment to train.
        pipelines: Its data.
        report: Called with a sentence for each adaptation to the data or to the model.

    Returns:
        The training, which has not begun.

    Raises:
        ConfigError: If data, model and loss do not fit together.
    """
    loop = experiment.loop
    model = experiment.model(pipelines.spec)
    check_returned("model", model, keras.Model, experiment.model)
    compile_model(model, experiment.optimizer, _objective(experiment, pipelines, report), loop)
    check_distributable(model, experiment.strategy)
    check_overrides(model, loop)
    check_built(model, getattr(model, "loss", None), pipelines.spec)
    missing = missing_for_evaluation(model)
    if missing:
        report(f"{type(model).__name__} has {missing}: no validation, no test")
        pipelines = dataclasses.replace(pipelines, validation=None)
    graphs = GraphRecord()
    traces = Traces(graphs.tracing)
    loop.prepare(model, traces)
    saved = SavedModel(model, _saved_part(experiment, model), pipelines.spec, _inputs(pipelines))
    graphs.note_model(model)
    return Training(experiment, model, pipelines, saved, traces, graphs)


def _objective(
    experiment: Experiment, pipelines: Pipelines, report: Callable[[str], None]
) -> Objective:
    """The objective; for soft labels, if it reads class indices, its counterpart, saying so."""
    objective = experiment.objective
    if pipelines.spec.labels.kind != "soft":
        return objective
    softened = objective.for_soft_labels()
    if softened != objective:
        report("labels are soft here: sparse losses and metrics give way to categorical ones")
    return softened


def _saved_part(experiment: Experiment, model: keras.Model) -> keras.Model:
    name = getattr(experiment.model, "saved", None)
    return part_named(model, name) if name else experiment.loop.saved_model(model)


def _inputs(pipelines: Pipelines) -> object:
    """The structure of a batch's inputs, as `tf.TensorSpec`s; None if there are no batches."""
    batch = getattr(pipelines.train, "element_spec", None)
    return batch[0] if isinstance(batch, tuple) else batch
