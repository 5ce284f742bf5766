"""CartPole: balance a pole on a cart by pushing the cart to the left or to the right.

Source: Barto, Sutton and Anderson (1983), https://doi.org/10.1109/TSMC.1983.6313077, as gymnasium's
CartPole-v1. There are no stored examples: the data of an epoch are the episodes sampled in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from altitude.data.dataset import Dataset
from altitude.data.spec import DataSpec, Declared, LabelSpec
from altitude.errors import ConfigError, DataError, Problem
from altitude.validation import STRICT, Count

ENVIRONMENT = "CartPole-v1"
MAX_STEPS = 500
SPEC = DataSpec((4,), LabelSpec("integer", 2))

ActionSelector = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Takes the observations of all environments and a random generator; returns their actions."""


@plain_dataclass(frozen=True)
class Rollout:
    """A batch of episodes, padded to the same length.

    Attributes:
        observations: The observation before each action, float32 (steps, episodes, 4).
        actions: The actions, int32 (steps, episodes).
        rewards: Their rewards, float32 (steps, episodes); 0 after the end of an episode.
        alive: Whether the episode had not ended yet, bool (steps, episodes).
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    alive: np.ndarray

    @property
    def mean_return(self) -> float:
        """Mean undiscounted return of the episodes."""
        return float(self.rewards.sum(axis=0).mean())


@plain_dataclass(frozen=True)
class Episodes:
    """Episodes that are played in parallel, each to its end.

    Attributes:
        count: The number of episodes.
        key: Seed: initial states and sampling are a function of it and of the epoch.
    """

    count: int
    key: tuple[int, ...]

    def play(self, act: ActionSelector, epoch: int = 0) -> Rollout:
        """Plays all episodes to their end.

        Args:
            act: Chooses the actions.
            epoch: Every epoch has its own initial states and random numbers.

        Returns:
            The observations, actions and rewards of all episodes.
        """
        reset_seed, action_seed = np.random.SeedSequence((*self.key, epoch)).spawn(2)
        generator = np.random.default_rng(action_seed)
        shape = (MAX_STEPS, self.count)
        rollout = Rollout(
            observations=np.zeros((*shape, *SPEC.input_shape), np.float32),
            actions=np.zeros(shape, np.int32),
            rewards=np.zeros(shape, np.float32),
            alive=np.zeros(shape, bool),
        )
        environments = _environments(self.count)
        observations, _ = environments.reset(seed=int(reset_seed.generate_state(1)[0]))
        alive = np.ones(self.count, bool)
        for step in range(MAX_STEPS):
            actions = act(observations, generator)
            rollout.observations[step][alive] = observations[alive]
            rollout.actions[step][alive] = actions[alive]
            rollout.alive[step] = alive
            observations, rewards, terminated, truncated, _ = environments.step(actions)
            # Environments reset themselves after an episode; rewards of the next one do not count.
            rollout.rewards[step] = rewards * alive
            alive = alive & ~terminated & ~truncated
            if not alive.any():
                break
        environments.close()
        return rollout


@plain_dataclass(frozen=True)
class EpisodePipelines:
    """The data of a loop that samples episodes.

    Attributes:
        train: Episodes of one epoch.
        validation: Episodes for validation, with the same seeds after each epoch; or None.
        test: Episodes for the test.
        spec: Shape of an observation and number of actions.
        fingerprint: Identifies environment and episodes.
        validation_examples: Always 0: an episode is not an example.
        note: Always empty: there are no examples to split.
    """

    train: Episodes
    validation: Episodes | None
    test: Episodes
    spec: DataSpec
    fingerprint: str
    validation_examples: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CartPole(Dataset):
    """CartPole-v1: the reward is 1 a step, at most 500 an episode.

    Attributes:
        train_episodes: Episodes of one epoch, in as many environments.
        validation_episodes: Episodes sampled after each epoch.
        test_episodes: Episodes sampled once, with the best model.
    """

    train_episodes: Count = 16
    validation_episodes: Count = 32
    test_episodes: Count = 100

    @property
    def name(self) -> str:
        """The short name of the environment."""
        return "cartpole"

    @property
    def declared(self) -> Declared:
        """Two actions; there are no examples to count."""
        return Declared(SPEC.labels)

    def build(self, seed: int, class_weight: Mapping[int, float] | None) -> Any:
        """Returns `EpisodePipelines`, which sample episodes in place of batches.

        Raises:
            ConfigError: If there is a class weight.
            DataError: If gymnasium is not installed.
        """
        if class_weight:
            expected = "null: episodes have no labels that could weigh more or less"
            raise ConfigError([Problem("objective.class_weight", str(class_weight), expected)])
        counts = (self.train_episodes, self.validation_episodes, self.test_episodes)
        train, validation, test = (
            Episodes(count, (seed, split)) for split, count in enumerate(counts)
        )
        fingerprint = f"{ENVIRONMENT}, gymnasium {_gymnasium().__version__}, seed {seed}, {counts}"
        return EpisodePipelines(train, validation, test, SPEC, fingerprint)


def _environments(count: int) -> Any:
    return _gymnasium().make_vec(ENVIRONMENT, count, vectorization_mode="vector_entry_point")


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError as error:
        raise DataError(
            "CartPole is played in gymnasium, which is not installed: "
            "pip install 'keras-altitude[reinforcement]'"
        ) from error
    return gymnasium
