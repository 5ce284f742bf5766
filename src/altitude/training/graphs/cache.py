"""What is built for a run before it trains, and what of it the next run can take over."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from altitude.calls.returned import check_returned
from altitude.data.dataset import ArrayDataset
from altitude.experiment import Experiment
from altitude.experiment.model_checks import check_built, check_distributable
from altitude.experiment.overridden_methods import check_overrides
from altitude.lazy import keras
from altitude.objective import Objective
from altitude.session import random_state
from altitude.training.compilation import compile_model
from altitude.training.graphs.signature import description, graph_signature
from altitude.training.graphs.traced_graph import TracedGraph, tracing

if TYPE_CHECKING:
    from altitude.data.arrays import Splits
    from altitude.data.pipeline import Pipelines
    from altitude.loops.traces import Traces
    from altitude.training.best_model.saved_model import SavedModel


@dataclass(frozen=True)
class Assembly:
    """A model that is ready to be trained, and what belongs to it.

    Attributes:
        experiment: What it was built for.
        model: The compiled and prepared model.
        pipelines: The data.
        traces: Told how often the model's steps are traced.
        traced: What the steps were traced into.
        saved: The part of the model that is kept as `best.keras`.
        constants: What graphs take from the model as it was built.
        variables: The model's variables, those of metrics left out, as it was built.
    """

    experiment: Experiment
    model: keras.Model
    pipelines: Pipelines
    traces: Traces
    traced: list[TracedGraph]
    saved: SavedModel
    constants: str
    variables: list[Any]

    def has_same_graph(self, other: Assembly) -> bool:
        """Whether the graphs of one are those of the other, for other values of variables."""
        return (
            graph_signature(self.experiment) == graph_signature(other.experiment)
            and self.constants == other.constants
            and self.pipelines.spec == other.pipelines.spec
            and (self.pipelines.validation is None) == (other.pipelines.validation is None)
        )

    def reset_to(self, fresh: Assembly) -> Assembly:
        """Returns this one with the data and the state of another, which has not been trained."""
        for variable, value in zip(self.variables, fresh.variables, strict=True):
            variable.assign(value)
        self.model.reset_metrics()
        self.model.stop_training = False
        self.model.predict_function = None  # callbacks may have had it traced, unseen
        self.traces.restart()
        self.saved.forget()
        return dataclasses.replace(self, experiment=fresh.experiment, pipelines=fresh.pipelines)

    def reusable(self) -> bool:
        """Whether another run, with the same structure, would trace the same graphs again.

        After training. Graphs must depend on the batch and on the variables that `reset_to` sets
        alone, the model must be as it was built, but for its variables, and must not have made any
        in its first call.
        """
        from altitude.loops import Fit, Tape, TrainStep
        from altitude.training.graphs.constants import constants
        from altitude.training.variables import metric_variables, variables

        # A loop of another class may compile functions of its own, unseen.
        if type(self.experiment.loop) not in (Fit, Tape, TrainStep) or not self.traced:
            return False
        present = variables(self.model)
        known = [*present, *metric_variables(self.model)]
        return (
            [*map(id, present)] == [*map(id, self.variables)]
            and constants(self.model) == self.constants
            and all(graph.constants == self.constants for graph in self.traced)
            and not any(graph.depends_on_more(known) for graph in self.traced)
        )


class GraphCache:
    """What a run leaves for the next one in the same process: one model, traced, and its data.

    A run that differs from the one before in values alone, such as its learning rate, trains with
    the same graphs and fresh variables: nothing is traced, and the numbers are the same.
    """

    def __init__(self) -> None:
        self._assembly: Assembly | None = None
        self._loaded: tuple[ArrayDataset, Splits] | None = None

    def pipelines(self, experiment: Experiment) -> Pipelines:
        """Builds an experiment's pipelines, over the arrays of the run before if they are its own.

        Raises:
            DataError: If the data cannot be found, or is damaged.
        """
        dataset, weights = experiment.dataset, experiment.objective.class_weight
        if not isinstance(dataset, ArrayDataset) or type(dataset).build is not ArrayDataset.build:
            return dataset.build(experiment.seed, weights)
        return dataset.build_over(self._splits(dataset), experiment.seed, weights)

    def _splits(self, dataset: ArrayDataset) -> Splits:
        if self._loaded is not None and description(self._loaded[0]) == description(dataset):
            return self._loaded[1]
        self._loaded = None
        before = random_state()
        splits = dataset.split()
        if random_state() == before:  # else the data depend on the seed
            self._loaded = dataset, splits
        return splits

    def begin(self, fresh: Assembly) -> Assembly:
        """Returns the kept assembly in the state of a fresh one, if it can stand for it."""
        kept, self._assembly = self._assembly, None
        return kept.reset_to(fresh) if kept is not None and kept.has_same_graph(fresh) else fresh

    def keep(self, assembly: Assembly) -> None:
        """Keeps an assembly that has been trained to the end, if it can be used again."""
        self._assembly = assembly if assembly.reusable() else None


def assemble(experiment: Experiment, pipelines: Pipelines, console: Console) -> Assembly:
    """Builds, compiles and prepares the model of an experiment.

    Args:
        experiment: What to build.
        pipelines: Its data.
        console: Told what is adapted to the data or to the model.

    Raises:
        ConfigError: If data, model and loss do not fit together.
    """
    from altitude.loops.traces import Traces
    from altitude.training.best_model.plain import part_named
    from altitude.training.best_model.saved_model import SavedModel
    from altitude.training.graphs.constants import constants
    from altitude.training.variables import variables

    model = experiment.model(pipelines.spec)
    check_returned("model", model, keras.Model, experiment.model)
    objective = _objective(experiment, pipelines, console)
    compile_model(model, experiment.optimizer, objective, experiment.loop)
    check_distributable(model, experiment.strategy)
    check_overrides(model, experiment.loop)
    check_built(model, getattr(model, "loss", None), pipelines.spec)
    pipelines = _usable(model, pipelines, console)
    traced: list[TracedGraph] = []
    traces = Traces(lambda model: tracing(model, traced))
    experiment.loop.prepare(model, traces)
    name = getattr(experiment.model, "saved", None)
    part = part_named(model, name) if name else experiment.loop.saved_model(model)
    batch = getattr(pipelines.train, "element_spec", None)
    inputs = batch[0] if isinstance(batch, tuple) else batch
    saved = SavedModel(model, part, pipelines.spec, inputs)
    return Assembly(
        experiment, model, pipelines, traces, traced, saved, constants(model), variables(model)
    )


def _objective(experiment: Experiment, pipelines: Pipelines, console: Console) -> Objective:
    """The objective; for soft labels, if it reads class indices, its counterpart, saying so."""
    objective = experiment.objective
    if pipelines.spec.labels.kind != "soft":
        return objective
    softened = objective.for_soft_labels()
    if softened != objective:
        console.print(
            "labels are soft here: sparse losses and metrics give way to categorical ones"
        )
    return softened


def _usable(model: keras.Model, pipelines: Pipelines, console: Console) -> Pipelines:
    """The pipelines, without validation for a model that cannot be evaluated."""
    from altitude.steps.own import missing_for_evaluation

    missing = missing_for_evaluation(model)
    if not missing:
        return pipelines
    console.print(f"{type(model).__name__} has {missing}: no validation, no test")
    return dataclasses.replace(pipelines, validation=None)
