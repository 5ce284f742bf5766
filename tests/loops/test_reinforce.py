"""The loop whose epochs are episodes, on CartPole."""

import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from altitude import ConfigError, Experiment, RunResult, compose, run
from altitude.data import CartPole
from altitude.data.cartpole import Rollout
from altitude.errors import DataError
from altitude.loops import Reinforce
from altitude.loops.reinforce import as_batch, discounted
from altitude.models import Mlp
from altitude.objective import Objective
from altitude.tracking import Untracked
from tests.conftest import ExperimentFactory

NOTHING = Objective(loss=None, metrics={})


def short_run(folder: Path, seed: int = 42, epochs: int = 3) -> RunResult:
    dataset = CartPole(train_episodes=4, validation_episodes=3, test_episodes=5)
    experiment = Experiment(
        dataset=dataset,
        model=Mlp(hidden_units=(8,)),
        objective=NOTHING,
        loop=Reinforce(epochs=epochs),
        callbacks={},
        tracking=Untracked(),
        seed=seed,
        output_dir=folder,
    )
    return run(experiment, console=Console(quiet=True))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_in_one_trace(working_folder: Path) -> None:
    first, second = (short_run(working_folder / name) for name in ("first", "second"))
    for name in ("loss", "return", "val_return"):
        assert first.metrics_by_epoch[name] == second.metrics_by_epoch[name]
    assert first.metrics == second.metrics
    assert first.traces == {"train_step": 1}
    other = short_run(working_folder / "other", seed=1)
    assert first.metrics_by_epoch["return"] != other.metrics_by_epoch["return"]


def test_episodes_depend_on_seed_and_epoch() -> None:
    def act(observations: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return generator.integers(2, size=len(observations))

    def first_seen(seed: int, epoch: int) -> list[float]:
        rollout = CartPole().build(seed, None).train.play(act, epoch)
        assert rollout.alive[0].all()
        assert rollout.mean_return == rollout.alive.sum(axis=0).mean()
        return [float(value) for value in rollout.observations[0].ravel()]

    assert first_seen(0, 0) == first_seen(0, 0)
    assert first_seen(0, 0) != first_seen(0, 1)
    assert first_seen(0, 0) != first_seen(1, 0)


def test_rewards_are_discounted_as_by_hand() -> None:
    rewards = np.array([[1.0, 2.0], [1.0, 0.0], [1.0, 0.0]])
    expected = [[1.75, 2.0], [1.5, 0.0], [1.0, 0.0]]
    np.testing.assert_allclose(discounted(rewards, 0.5), expected)


def test_padding_weighs_nothing_and_the_rest_is_standardised() -> None:
    alive = np.array([[True, True], [True, False], [False, False]])
    rewards = alive.astype(np.float32)
    rollout = Rollout(np.zeros((3, 2, 4), np.float32), np.zeros((3, 2), np.int32), rewards, alive)
    observations, actions, weights = as_batch(rollout, 1.0)
    assert (observations.shape, actions.shape) == ((6, 4), (6,))
    # Returns 2, 1 and 1: the mean is 4/3, the deviation sqrt(2)/3; three steps were played.
    expected = np.array([2**0.5, -(0.5**0.5), -(0.5**0.5), 0, 0, 0]) / 3
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_a_missing_gymnasium_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(DataError, match=r"pip install 'keras-altitude\[reinforcement\]'"):
        CartPole().build(0, None)


def test_batches_are_refused(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(ConfigError, match="dataset=cartpole"):
        run(small_experiment(loop=Reinforce(epochs=1), objective=NOTHING))


def test_weights_of_classes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"objective\.class_weight"):
        CartPole().build(0, {0: 2.0})


@pytest.mark.slow
def test_the_recipe_keeps_the_pole_upright() -> None:
    # 30 of up to 100 epochs: enough by then, and the long episodes that follow take longest.
    experiment = compose(["experiment=reinforce", "tracking=none", "loop.epochs=30"])
    result = run(experiment, console=Console(quiet=True))
    assert result.metrics["test_return"] > 195
    assert result.traces["train_step"] == 1
