import json

import pytest

from altitude import ConfigError, LazyCall, Objective, compose
from altitude.experiment.devices import device_problems
from altitude.loops import Fit, Loop, Reinforce, Tape, TrainStep
from altitude.steps import Gan
from altitude.strategies import Mirrored, MultiWorker, OneDevice, Strategy

TWO = Mirrored(logical_cpus=2)


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, task = {"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))


@pytest.mark.parametrize(
    ("strategy", "loop", "keys"),
    [
        (OneDevice(), Reinforce(), []),
        (OneDevice(), Tape(step=Gan(), run_eagerly=True), []),
        (TWO, Fit(), []),
        (TWO, TrainStep(clip_norm=1.0), []),
        (TWO, Tape(), []),
        (TWO, Reinforce(), ["loop"]),
        (TWO, Tape(step=Gan()), ["loop.step"]),
        (TWO, Fit(run_eagerly=True), ["loop.run_eagerly"]),
        (TWO, Fit(jit_compile=True), ["loop.jit_compile"]),
        (MultiWorker(), Tape(), []),
        (MultiWorker(), Fit(), ["loop"]),
        (MultiWorker(), TrainStep(), ["loop"]),
    ],
)
def test_loops_and_steps(strategy: Strategy, loop: Loop, keys: list[str]) -> None:
    assert [problem.key for problem in device_problems(strategy, loop)] == keys


def test_several_workers_are_for_the_tape() -> None:
    (problem,) = device_problems(MultiWorker(), Fit())
    assert (problem.given, problem.instead) == ("fit", "loop=tape")


def test_a_bound_on_each_share_is_no_bound() -> None:
    optimizer = LazyCall("keras.optimizers.Adam", {"global_clipnorm": 1.0, "clipnorm": None})
    (problem,) = device_problems(TWO, Fit(), optimizer)
    assert problem.key == "optimizer.global_clipnorm"
    assert problem.instead.endswith("loop=train_step loop.clip_norm=1.0")


@pytest.mark.parametrize(
    ("reduction", "fits"), [("sum", False), ("none", False), ("mean", True), (None, True)]
)
def test_losses_are_means(reduction: str | None, fits: bool) -> None:
    loss = LazyCall("keras.losses.MeanSquaredError", {"reduction": reduction} if reduction else {})
    assert (device_problems(TWO, Fit(), None, Objective(loss=loss)) == []) is fits


def test_the_command_line_is_told_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="loop=tape"):
        compose(["strategy=multi_worker"])
    with pytest.raises(ConfigError, match=r"loop\.run_eagerly=false"):
        compose(["strategy=mirrored", "strategy.logical_cpus=2", "debug=eager"])
