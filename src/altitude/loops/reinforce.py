"""REINFORCE: a loop whose epochs are sampled episodes, not passes over a dataset.

Source: Williams (1992), https://doi.org/10.1007/BF00992696.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.data.cartpole import ActionSelector, EpisodePipelines, Episodes, Rollout
from altitude.errors import ConfigError, Problem
from altitude.lazy import keras, tf
from altitude.loops.bound_step import trainable
from altitude.loops.epochs import run_epochs
from altitude.loops.loop import Loop
from altitude.loops.position import START, Position
from altitude.loops.tape import KERAS_LOOPS
from altitude.steps.batch import Batch, BatchFunction, Logs
from altitude.steps.gradients import apply_gradients, gradients_of
from altitude.validation import STRICT, Positive

Policy = Callable[[Any], Any]
"""From observations to logits."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Reinforce(Loop):
    """Samples episodes from the policy, then applies one REINFORCE update.

    The model puts out a logit for each action. In validation and test the likeliest action is
    taken. An epoch is one update.

    Attributes:
        steps_per_execution: An epoch has no other step to be run in the same call.
        discount: The factor by which a reward is discounted for each earlier step.
    """

    steps_per_execution: Literal[1] = 1
    discount: Positive = Field(default=0.99, le=1)

    @property
    def reported_metrics(self) -> tuple[str, ...]:
        """The loss of the policy gradient, and the mean return of the episodes played."""
        return ("loss", "return")

    @property
    def evaluated_metrics(self) -> tuple[str, ...]:
        """The mean return."""
        return ("return",)

    @property
    def owns_objective(self) -> bool:
        """The loss is made of returns."""
        return True

    @property
    def bypassed_methods(self) -> tuple[str, ...]:
        """Keras' own loops, and all that they do with a batch."""
        return (*KERAS_LOOPS, "train_step", "test_step", "compute_loss", "compute_metrics")

    @property
    def instead_of_bypassing(self) -> str:
        """Other loops play no episodes."""
        return "a class that overrides `call` alone"

    def train_step(self, model: keras.Model) -> BatchFunction:
        """Returns the update by the policy gradient."""
        return functools.partial(update, model)

    def make_variables(self, model: keras.Model, pipelines: Any) -> None:
        """Does nothing: there are no metrics, and the optimizer has its variables."""

    def run(
        self,
        model: keras.Model,
        pipelines: Any,
        callbacks: Sequence[keras.callbacks.Callback],
        start: Position = START,
    ) -> keras.callbacks.History:
        """Alternates between sampling episodes and updating the policy.

        Returns:
            The history of the epochs that were trained here.

        Raises:
            ConfigError: If the dataset has batches in place of episodes.
        """
        if not isinstance(pipelines, EpisodePipelines):
            expected = "episodes to play: this loop does not read batches"
            raise ConfigError([Problem("dataset", "batches", expected, "dataset=cartpole")])

        policy, update_once = _compiled_policy(model), _compiled_update(model)

        def run_epoch(epoch: int, watchers: keras.callbacks.CallbackList) -> dict[str, float]:
            watchers.on_train_batch_begin(0)
            rollout = pipelines.train.play(_sampled(policy), epoch)
            updated = update_once(as_batch(rollout, self.discount))
            logs = {name: float(value) for name, value in updated.items()}
            logs["return"] = rollout.mean_return
            watchers.on_train_batch_end(0, logs)
            if pipelines.validation is None:
                return logs
            watchers.on_test_begin()
            watchers.on_test_batch_begin(0)
            validation = _evaluate(policy, pipelines.validation)
            watchers.on_test_batch_end(0, validation)
            watchers.on_test_end(validation)
            return logs | {f"val_{name}": value for name, value in validation.items()}

        return run_epochs(model, callbacks, self.epochs, 1, run_epoch, start)

    def evaluate(self, model: keras.Model, dataset: Any) -> dict[str, float]:
        """Returns the mean return of the same episodes each time, with the most likely actions."""
        return _evaluate(_compiled_policy(model), dataset)


def discounted(rewards: np.ndarray, discount: float) -> np.ndarray:
    """Returns the discounted return from each step on.

    Args:
        rewards: The rewards, (steps, episodes).
        discount: The factor by which a reward loses value with each step, from 0 to 1.

    Returns:
        The returns, (steps, episodes), in the dtype of the rewards.
    """
    returns = np.zeros_like(rewards)
    following = np.zeros_like(rewards[0])
    for step in reversed(range(len(rewards))):
        following = rewards[step] + discount * following
        returns[step] = following
    return returns


def as_batch(rollout: Rollout, discount: float) -> Batch:
    """Flattens episodes into one batch of observations, actions and weights.

    The weights are returns, standardised over all steps that were played and divided by their
    number. Padding weighs nothing, so that every batch has the same shape and costs no trace.

    Args:
        rollout: The sampled episodes.
        discount: The factor by which a reward loses value with each step, from 0 to 1.

    Returns:
        Observations, (steps * episodes, ...); actions and float32 weights, (steps * episodes,).
    """
    returns, alive = discounted(rollout.rewards, discount), rollout.alive
    earned = returns[alive]
    standard = (returns - earned.mean()) / (earned.std() + 1e-8)
    weights = np.where(alive, standard / len(earned), 0.0).astype(np.float32)
    observations = rollout.observations.reshape(-1, *rollout.observations.shape[2:])
    return observations, rollout.actions.reshape(-1), weights.reshape(-1)


def update(model: keras.Model, batch: Batch) -> Logs:
    """Applies one REINFORCE update.

    Args:
        model: The compiled policy, which outputs logits.
        batch: Observations, actions and weights, as `as_batch` returns them.

    Returns:
        The loss of the batch, by the name `loss`.
    """
    observations, actions, weights = batch
    with tf.GradientTape() as tape:
        logits = model(observations, training=True)
        surprise = tf.nn.sparse_softmax_cross_entropy_with_logits(actions, logits)
        loss = tf.add_n([tf.reduce_sum(weights * surprise), *model.losses])
    apply_gradients(model, gradients_of(model, tape, loss), clip_norm=None)
    return {"loss": loss}


def _compiled_policy(model: keras.Model) -> Policy:
    policy = functools.partial(model, training=False)
    if model.run_eagerly:
        return policy
    compiled: Policy = tf.function(policy, reduce_retracing=True, autograph=False)
    return compiled


def _compiled_update(model: keras.Model) -> BatchFunction:
    if model.run_eagerly:
        return lambda batch: model.train_step(tuple(map(tf.constant, batch)))

    @tf.function(autograph=False, jit_compile=model.jit_compile)
    def run_update(batch: Batch, _trainable: tuple[bool, ...]) -> Logs:
        return model.train_step(batch)  # type: ignore[no-any-return]

    # A graph holds what was trainable when it was traced: a change asks for another graph.
    return lambda batch: run_update(tuple(map(tf.constant, batch)), trainable(model))


def _evaluate(policy: Policy, episodes: Episodes) -> dict[str, float]:
    return {"return": episodes.play(_likeliest(policy)).mean_return}


def _sampled(policy: Policy) -> ActionSelector:
    def act(observations: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        # The likeliest of logits with Gumbel noise is a draw from their softmax.
        logits = policy(observations).numpy()
        drawn: np.ndarray = np.argmax(logits + generator.gumbel(size=logits.shape), axis=-1)
        return drawn

    return act


def _likeliest(policy: Policy) -> ActionSelector:
    return lambda observations, _: np.argmax(policy(observations).numpy(), axis=-1)
