"""What a run leaves for the next one in the same process, and that it does not grow."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from pydantic.dataclasses import dataclass
from rich.console import Console

from altitude import run
from altitude.data import ArrayDataset, Digits
from altitude.data.arrays import Examples, Splits
from altitude.loops import TrainStep
from altitude.models import Mlp
from altitude.training.graphs import GraphCache
from altitude.validation import STRICT
from tests.conftest import ExperimentFactory

LOADED: list[str] = []
"""What was loaded, in order."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Made(ArrayDataset):
    """Images that are made when they are loaded."""

    title: str
    by_chance: bool = False

    def load(self) -> Splits:
        LOADED.append(self.title)
        source = np.random if self.by_chance else np.random.default_rng(0)
        train, test = (source.uniform(size=(20, 4)) for _ in range(2))
        return Splits(Examples(train, np.arange(20) % 2), Examples(test, np.arange(20) % 2))


@pytest.mark.parametrize(
    ("titles", "by_chance", "expected"),
    [("aab", False, ["a", "b"]), ("aba", False, ["a", "b", "a"]), ("aa", True, ["a", "a"])],
)
def test_data_are_loaded_once_unless_they_depend_on_the_seed(
    small_experiment: ExperimentFactory, titles: str, expected: list[str], *, by_chance: bool
) -> None:
    graphs = GraphCache()
    LOADED.clear()
    for title in titles:
        pipelines = graphs.pipelines(
            small_experiment(dataset=Made(title=title, by_chance=by_chance, validation_size=4))
        )
        assert pipelines.spec.input_shape == (4,)
    assert expected == LOADED


def test_a_dataset_that_builds_its_own_pipelines_is_asked_each_time(
    small_experiment: ExperimentFactory,
) -> None:
    built: list[int] = []

    class Own(Digits):
        def build(self, seed: int, class_weight: Any) -> Any:
            built.append(seed)
            return super().build(seed, class_weight)

    graphs = GraphCache()
    for seed in (1, 2):
        graphs.pipelines(small_experiment(dataset=Own(), seed=seed))
    assert built == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("widths", [(16,), (16, 17)], ids=["taken over", "built afresh"])
def test_memory_stays_flat(
    small_experiment: ExperimentFactory, tmp_path: Path, widths: tuple[int, ...]
) -> None:
    graphs, quiet = GraphCache(), Console(file=StringIO())
    resident = []
    for number in range(12):
        experiment = small_experiment(
            model=Mlp(hidden_units=(widths[number % len(widths)],)),
            loop=TrainStep(epochs=1, clip_norm=1.0 + number),
            output_dir=tmp_path / str(number),
            seed=number,
        )
        traces = run(experiment, graphs=graphs, console=quiet).traces["train_step"]
        assert traces == (len(widths) > 1 or number == 0)
        resident.append(psutil.Process().memory_info().rss)
    assert resident[-1] - resident[3] < 5 * 2**20  # a graph left behind each time is 1.6 MB
