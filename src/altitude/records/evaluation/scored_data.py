"""The examples that a run is evaluated on: its own, or others."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from altitude.data.arrays import Examples, Splits, describe_labels
from altitude.data.dataset import ArrayDataset, Dataset
from altitude.data.npz_file import read_arrays, read_headers
from altitude.errors import ConfigError, DataError, Problem
from altitude.experiment import Experiment
from altitude.lazy import tf

if TYPE_CHECKING:
    from altitude.data.pipeline import Pipelines

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("test", "validation", "train")

PAIRS = (("x", "y"), ("x_test", "y_test"))
"""The names of the arrays in a file of examples: one of these pairs."""

DIGITS = 8
"""The number of digits of a fingerprint in the name of other data."""


@dataclass(frozen=True)
class ScoredData:
    """The examples that a run is evaluated on.

    Attributes:
        split: The split; empty for a file that is one.
        source: The name of the dataset or of the file.
        pipelines: The data that the training is built on.
        batches: The batches to evaluate on, in order.
        fingerprint: Identifies the data of all splits.
    """

    split: str
    source: str
    pipelines: Pipelines
    batches: tf.data.Dataset
    fingerprint: str

    @property
    def full_name(self) -> str:
        """A name that other data do not have: `test.digits.0123abcd`."""
        parts = (self.split, self.source, self.fingerprint[:DIGITS])
        return ".".join(re.sub(r"[^\w-]", "_", part) for part in parts if part)


def split_of(experiment: Experiment, split: Split) -> ScoredData:
    """Loads a split of an experiment's dataset.

    Args:
        experiment: The experiment.
        split: The split. Training examples come in order and without random transforms.

    Returns:
        The examples.

    Raises:
        ConfigError: If the dataset has no such split.
        DataError: If the data cannot be found, or are damaged.
    """
    dataset, arrays = experiment.dataset, _of_arrays(experiment.dataset)
    seed, weights = experiment.seed, experiment.objective.class_weight
    if split == "train" and arrays is not None:
        splits = arrays.split()
        in_order = dataclasses.replace(splits, test=splits.train)
        pipelines = arrays.build_over(in_order, seed, weights)
        batches, fingerprint = pipelines.test, splits.fingerprint
    else:
        pipelines = dataset.build(seed, weights)
        by_name = {"train": pipelines.train, "test": pipelines.test}
        batches = by_name.get(split, pipelines.validation)
        fingerprint = pipelines.fingerprint
    if batches is None:
        expected = "a split of the dataset: it has no validation examples"
        raise ConfigError([Problem("--split", split, expected, "--split test")])
    return ScoredData(split, dataset.name, pipelines, batches, fingerprint)


def data_in_file(experiment: Experiment, path: Path) -> ScoredData:
    """Loads examples from a file, to be treated as the run's own are.

    Args:
        experiment: The experiment, whose dataset is one of arrays.
        path: A file that `numpy.savez` wrote, with `x` and `y`.

    Returns:
        The examples.

    Raises:
        ConfigError: If the run's own data are no arrays, or if the labels are not of their kind.
        DataError: If the file cannot be read, or if its examples have another shape.
    """
    dataset = _of_arrays(experiment.dataset)
    if dataset is None:
        expected = f"data for {experiment.dataset.name}, which is no dataset of arrays"
        raise ConfigError([Problem("--data", str(path), expected, "dataset=... of that kind")])
    own, given = dataset.split(), _examples(path)
    splits = dataclasses.replace(own, test=given)
    _require_known_labels(own, splits, path)
    weights = experiment.objective.class_weight
    pipelines = dataset.build_over(splits, experiment.seed, weights)
    return ScoredData("", path.stem, pipelines, pipelines.test, splits.fingerprint)


def _of_arrays(dataset: Dataset) -> ArrayDataset | None:
    """The dataset, if its pipelines are those over its arrays."""
    if isinstance(dataset, ArrayDataset) and type(dataset).build is ArrayDataset.build:
        return dataset
    return None


def _examples(path: Path) -> Examples:
    present = read_headers(path)
    for pair in PAIRS:
        if all(name in present for name in pair):
            arrays = read_arrays(path, pair)
            return Examples(*(arrays[name] for name in pair))
    given = f"{path}, which holds {', '.join(present) or 'nothing'}"
    expected = "a file with the arrays x and y"
    raise DataError(Problem("--data", given, expected, f'np.savez("{path.name}", x=x, y=y)'))


def _require_known_labels(own: Splits, splits: Splits, path: Path) -> None:
    known, given = describe_labels(own), describe_labels(splits)
    if known != given:
        expected = f"labels as the run has been trained on: {known.kind}, {known.num_classes}"
        raise ConfigError(
            [Problem("--data", f"{path}: {given.kind}, {given.num_classes}", expected)]
        )
