"""What a run leaves for the next one in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from altitude.data.dataset import ArrayDataset
from altitude.experiment import Experiment
from altitude.loops import Fit, Tape, TrainStep
from altitude.session import random_state
from altitude.training.graphs.signature import description, graph_signature

if TYPE_CHECKING:
    from altitude.data.arrays import Splits
    from altitude.data.pipeline import Pipelines
    from altitude.training.training import Training

LOOPS = (Fit, Tape, TrainStep)
"""Loops that are known to compile nothing but their steps."""


class GraphCache:
    """Keeps the last training that ended well, and the arrays that were loaded last.

    A run that differs from the one before in values alone, such as its learning rate, trains with
    the same graphs and fresh variables: nothing is traced, and the numbers are the same.
    """

    def __init__(self) -> None:
        self._training: Training | None = None
        self._loaded: tuple[ArrayDataset, Splits] | None = None

    def pipelines(self, experiment: Experiment) -> Pipelines:
        """Builds an experiment's pipelines, over the arrays of the run before if they are the same.

        Args:
            experiment: The experiment of the next run.

        Returns:
            The pipelines of training, validation and test.

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

    def begin(self, fresh: Training) -> Training:
        """Returns the kept training, reset to one that was built afresh, if it has its graphs.

        Args:
            fresh: The training of the next run, which has not begun.

        Returns:
            The training to run: the kept one, or `fresh`.
        """
        kept, self._training = self._training, None
        if kept is None or not has_same_graph(kept, fresh):
            return fresh
        kept.reset_to(fresh)
        return kept

    def keep(self, training: Training) -> None:
        """Keeps a training that has ended, if another run can use its graphs.

        Args:
            training: The training, whose callbacks are removed.
        """
        training.callbacks = ()  # which hold what belongs to its run
        self._training = training if _is_reusable(training) else None


def has_same_graph(one: Training, other: Training) -> bool:
    """Returns whether two trainings have the same graphs, whatever the values of their variables.

    Args:
        one: A training that was traced.
        other: A training that was built.
    """
    return (
        graph_signature(one.experiment) == graph_signature(other.experiment)
        and one.graphs.constants == other.graphs.constants
        and one.pipelines.spec == other.pipelines.spec
        and (one.pipelines.validation is None) == (other.pipelines.validation is None)
    )


def _is_reusable(training: Training) -> bool:
    experiment = training.experiment
    return (
        type(experiment.loop) in LOOPS  # of another class, it may compile functions of its own
        and not experiment.strategy.distributes
        and training.graphs.would_be_the_same(training.model)
    )
