"""Jobs that follow each other in a process share graphs where only values differ: same numbers."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console

from altitude import Experiment, RunResult, run
from altitude.callbacks import Freeze
from altitude.calls.lazy_call import LazyCall
from altitude.data import Digits, Mixup
from altitude.loops import Fit, Loop, Tape, TrainStep
from altitude.models import Mlp
from altitude.optimizers import Group, Grouped
from altitude.steps import Accumulate, Supervised
from altitude.training.graphs import GraphCache
from tests.conftest import ExperimentFactory

if TYPE_CHECKING:
    import keras

NOTHING = {"train_step": 0, "test_step": 0}
ONCE = {"train_step": 1, "test_step": 1}

Runs = Callable[..., tuple[RunResult, RunResult]]
"""Runs an experiment after another one, then alone; takes the changes that both have in common,
and those of the other one in `before`."""


def adam(learning_rate: float) -> LazyCall:
    return LazyCall("keras.optimizers.Adam", {"learning_rate": learning_rate})


@pytest.fixture
def both(small_experiment: ExperimentFactory) -> Runs:
    def make(name: str, patience: int, changes: dict[str, Any]) -> Experiment:
        experiment = small_experiment(**changes)
        folder = experiment.output_dir.parent / name
        saved = {"filepath": str(folder / "best.keras"), "save_best_only": True}
        callbacks: dict[str, Any] = {
            "stop": LazyCall("keras.callbacks.EarlyStopping", {"patience": patience}),
            "save": LazyCall("keras.callbacks.ModelCheckpoint", saved),
            "cut": LazyCall("keras.callbacks.ReduceLROnPlateau", {"patience": 1}),
        }
        more: dict[str, Any] = changes.get("callbacks", {})
        return small_experiment(**(changes | {"output_dir": folder, "callbacks": callbacks | more}))

    def both(before: dict[str, Any], **changes: Any) -> tuple[RunResult, RunResult]:
        graphs = GraphCache()
        first = {"seed": 3, "optimizer": adam(0.1)} | changes | before
        second = {"seed": 4, "optimizer": adam(0.01)} | changes
        quiet = Console(file=StringIO())
        run(make("before", 1, first), graphs=graphs, console=quiet)
        after = run(make("after", 5, second), graphs=graphs, console=quiet)
        return after, run(make("alone", 5, second), console=quiet)

    return both


def assert_same_numbers(after: RunResult, alone: RunResult) -> None:
    assert after.metrics == alone.metrics
    for name, values in alone.metrics_by_epoch.items():
        assert name == "epoch_seconds" or after.metrics_by_epoch[name] == values, name
    first, second = saved(after), saved(alone)
    assert first.keys() == second.keys()
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []


def saved(result: RunResult) -> dict[str, Any]:
    """The arrays of a saved model by their paths, its optimizer's among them, and its config."""
    import h5py

    with zipfile.ZipFile(result.model_path) as archive:
        # Which numbers objects share within a file is a matter of where they lie in memory.
        config = re.sub(r'"shared_object_id": \d+', "", archive.read("config.json").decode())
        with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
            arrays = {path: weights[path][()] for path in _paths(weights)}
    assert len(arrays) >= 4
    return arrays | {"config": np.array(config)}


def _paths(group: Any, prefix: str = "") -> list[str]:
    found = [(f"{prefix}/{name}", item) for name, item in group.items()]
    return [
        p for path, item in found for p in (_paths(item, path) if "keys" in dir(item) else [path])
    ]


def clipped(cls: type[Loop], clip_norm: float, epochs: int = 3) -> Loop:
    return cls(epochs=epochs) if cls is Fit else cls(epochs=epochs, clip_norm=clip_norm)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "cls", [TrainStep, *(pytest.param(c, marks=pytest.mark.slow) for c in (Fit, Tape))]
)
def test_values_differ(both: Runs, cls: type[Loop]) -> None:
    after, alone = both(
        {"loop": clipped(cls, 0.1, epochs=2)},
        loop=clipped(cls, 0.5),
        model=Mlp(hidden_units=(16,), dropout=0.2),
    )
    assert after.traces == NOTHING
    assert alone.traces == ONCE
    assert_same_numbers(after, alone)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": Digits(limit=300, batch_size=64, transforms={"mixup": Mixup()})},
        {"loop": Tape(epochs=2, step=Accumulate(micro_batches=2, clip_norm=0.3))},
        {"loop": TrainStep(epochs=2, clip_norm=0.5, precision="mixed_float16")},
        {
            "optimizer": Grouped(
                groups={
                    "first": Group(layers=("hidden_*",), optimizer=adam(0.01)),
                    "last": Group(layers=("output",), optimizer=adam(0.02)),
                }
            )
        },
    ],
    ids=["mixup", "accumulate", "mixed_float16", "grouped"],
)
def test_values_differ_in_special_cases(both: Runs, changes: dict[str, Any]) -> None:
    after, alone = both({}, **({"loop": Fit(epochs=2)} | changes))
    assert after.traces == NOTHING
    assert_same_numbers(after, alone)


@pytest.mark.slow
def test_structure_differs(both: Runs) -> None:
    after, alone = both({"loop": TrainStep(epochs=2)}, loop=TrainStep(epochs=2, clip_norm=0.5))
    assert after.traces == alone.traces == ONCE
    assert_same_numbers(after, alone)


@dataclass(frozen=True, kw_only=True)
class Noisy(Supervised):
    """Adds noise to the images that TensorFlow draws from a state of its own."""

    def train(self, model: "keras.Model", batch: Any) -> Any:
        import tensorflow as tf

        noise = tf.random.normal(tf.shape(batch[0]))
        return super().train(model, (batch[0] + noise, batch[1]))


@dataclass(frozen=True, kw_only=True)
class Once(Supervised):
    """Shifts all images by a number that is drawn when the step is traced."""

    def train(self, model: "keras.Model", batch: Any) -> Any:
        shift = np.random.uniform()
        return super().train(model, (batch[0] + shift, batch[1]))


@dataclass(frozen=True, kw_only=True)
class Shifted(Supervised):
    """Shifts all images by a tensor that depends on the seed."""

    def build(self, model: "keras.Model") -> None:
        import tensorflow as tf

        super().build(model)
        model.shift = tf.random.normal([2])

    def train(self, model: "keras.Model", batch: Any) -> Any:
        return super().train(model, (batch[0] + model.shift[0], batch[1]))


@dataclass(frozen=True, kw_only=True)
class ByHand(Supervised):
    """Reads the bound as a number."""

    def train(self, model: "keras.Model", batch: Any) -> Any:
        return super().train(model, (batch[0] * self.clip_norm, batch[1]))


@dataclass(frozen=True, kw_only=True)
class OfPython(Supervised):
    """Calls Python in each batch, which may remember whatever it likes."""

    def train(self, model: "keras.Model", batch: Any) -> Any:
        import tensorflow as tf

        x = tf.numpy_function(lambda images: images, [batch[0]], tf.float32)
        return super().train(model, (tf.ensure_shape(x, batch[0].shape), batch[1]))


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Noisy(), marks=pytest.mark.slow),
        pytest.param(Once(), marks=pytest.mark.slow),
        pytest.param(Shifted(), marks=pytest.mark.slow),
        pytest.param(ByHand(clip_norm=0.5), marks=pytest.mark.slow),
        pytest.param(OfPython(), marks=pytest.mark.slow),
    ],
    ids=lambda step: type(step).__name__,
)
def test_a_step_with_a_state_of_its_own_is_traced_each_time(both: Runs, step: Supervised) -> None:
    before = {"loop": TrainStep(epochs=2, step=step, clip_norm=0.1 if step.clip_norm else None)}
    after, alone = both(before, loop=TrainStep(epochs=2, step=step))
    assert after.traces == alone.traces == ONCE
    assert_same_numbers(after, alone)


@pytest.mark.slow
@pytest.mark.parametrize(("cls", "freezes_first"), [(Fit, False), (Tape, True)])
def test_a_callback_that_freezes(both: Runs, cls: type[Loop], *, freezes_first: bool) -> None:
    freeze: dict[str, Any] = {
        "freeze": lambda: Freeze(layers=["hidden_1"], epochs=1, learning_rate=0.01)
    }
    first, second = (freeze, {}) if freezes_first else ({}, freeze)
    after, alone = both({"callbacks": first}, loop=cls(epochs=2), callbacks=second)
    assert after.traces == alone.traces
    assert_same_numbers(after, alone)


@pytest.mark.slow
def test_a_run_that_failed_leaves_nothing(small_experiment: ExperimentFactory) -> None:
    graphs = GraphCache()
    loop = Fit(epochs=1)
    run(small_experiment(loop=loop), graphs=graphs)
    fail = {"fail": lambda: LazyCall("keras.callbacks.LambdaCallback", {"on_epoch_end": fails})()}
    with pytest.raises(ValueError, match="on purpose"):
        run(small_experiment(loop=loop, callbacks=fail), graphs=graphs)
    assert run(small_experiment(loop=loop), graphs=graphs).traces == ONCE


def fails(_epoch: int, _logs: Any) -> None:
    raise ValueError("on purpose")
