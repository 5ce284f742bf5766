"""Which experiments have the same structure, so that one's graphs serve the other."""

from dataclasses import dataclass
from typing import Any

import pytest

from altitude.callbacks import Freeze
from altitude.calls.lazy_call import LazyCall
from altitude.data import Digits
from altitude.loops import Fit, Tape, TrainStep
from altitude.models import Mlp
from altitude.objective import Objective
from altitude.optimizers import Group, Grouped
from altitude.steps import Step, Supervised
from altitude.training.graphs.signature import graph_signature
from tests.conftest import ExperimentFactory


def adam(learning_rate: Any, **arguments: Any) -> LazyCall:
    return LazyCall("keras.optimizers.Adam", {"learning_rate": learning_rate, **arguments})


def grouped(learning_rate: float) -> Grouped:
    return Grouped(groups={"all": Group(layers=("*",), optimizer=adam(learning_rate))})


def stopping(patience: Any) -> dict[str, LazyCall]:
    return {"stop": LazyCall("keras.callbacks.EarlyStopping", {"patience": patience})}


@dataclass(frozen=True, kw_only=True)
class ByHand(Supervised):
    """Reads the bound in a method of its own."""

    def train(self, model: Any, batch: Any) -> Any:
        return super().train(model, (batch[0] * self.clip_norm, batch[1]))


class Undeclared(Step):
    """Is no dataclass."""

    def train(self, model: Any, batch: Any) -> Any:
        raise NotImplementedError


def lambda_callback(function: Any) -> dict[str, LazyCall]:
    return {"own": LazyCall("keras.callbacks.LambdaCallback", {"on_epoch_end": function})}


UNDECLARED = Undeclared()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"seed": 1}, {"seed": 2}),
        ({"optimizer": adam(0.1)}, {"optimizer": adam(0.2)}),
        ({"optimizer": grouped(0.1)}, {"optimizer": grouped(0.2)}),
        ({"loop": Fit(epochs=1)}, {"loop": Fit(epochs=2)}),
        ({"loop": Tape(clip_norm=1.0)}, {"loop": Tape(step=Supervised(clip_norm=2.0))}),
        ({"loop": Tape(step=UNDECLARED, epochs=1)}, {"loop": Tape(step=UNDECLARED, epochs=2)}),
        ({"callbacks": stopping(1)}, {"callbacks": stopping(2)}),
        ({"callbacks": stopping(1)}, {}),
    ],
)
def test_values_are_not_part_of_the_signature(
    small_experiment: ExperimentFactory, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = small_experiment(**one), small_experiment(**other)
    assert graph_signature(first) == graph_signature(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"dataset": Digits(batch_size=32)}, {"dataset": Digits(batch_size=64)}),
        ({"model": Mlp(dropout=0.1)}, {"model": Mlp(dropout=0.2)}),
        ({"model": lambda _spec: None}, {"model": lambda _spec: None}),
        ({"optimizer": adam(0.1)}, {"optimizer": adam({"_target_": "a.Schedule"})}),
        ({"optimizer": adam(0.1)}, {"optimizer": adam(0.1, beta_1=0.8)}),
        (
            {"optimizer": adam(0.1, loss_scale_factor=1)},
            {"optimizer": adam(0.1, loss_scale_factor=True)},
        ),
        ({"objective": Objective()}, {"objective": Objective(class_weight={1: 2.0})}),
        ({"loop": Tape()}, {"loop": TrainStep()}),
        ({"loop": Tape()}, {"loop": Tape(clip_norm=1.0)}),
        ({"loop": Tape()}, {"loop": Tape(precision="mixed_float16")}),
        ({"loop": Tape(step=ByHand(clip_norm=1.0))}, {"loop": Tape(step=ByHand(clip_norm=2.0))}),
        ({"callbacks": lambda_callback(print)}, {"callbacks": lambda_callback(repr)}),
        ({"callbacks": {"own": lambda: Freeze(["a"], 1, 0.1)}}, {}),
    ],
)
def test_all_else_is(
    small_experiment: ExperimentFactory, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = small_experiment(**one), small_experiment(**other)
    assert graph_signature(first) != graph_signature(second)


def test_the_folder_of_a_run_is_not(small_experiment: ExperimentFactory) -> None:
    folders = [small_experiment().output_dir / name for name in ("a", "b")]
    experiments = [
        small_experiment(
            output_dir=folder,
            callbacks={"own": LazyCall("mine.Images", {"folder": str(folder / "images")})},
        )
        for folder in folders
    ]
    assert graph_signature(experiments[0]) == graph_signature(experiments[1])
