"""A training that diverges is a failure that says where it happened, and what to try."""

import re
from pathlib import Path
from typing import Any

import pytest

from altitude import Experiment, LazyCall, NonFiniteError, Objective, compose, run
from altitude.data import CartPole, Digits
from altitude.loops import Fit, Loop, Reinforce, Tape, TrainStep
from altitude.models import Mlp
from altitude.steps import OwnMetrics
from altitude.tracking import Untracked
from tests.conftest import ExperimentFactory
from tests.processes import run_altitude

HUGE = LazyCall("keras.optimizers.SGD", {"learning_rate": 1e30})
NOTHING = Objective(loss=None, metrics={})


def failure(experiment: Experiment) -> str:
    with pytest.raises(NonFiniteError) as failed:
        run(experiment)
    return str(failed.value)


@pytest.mark.parametrize("cls", [Fit, TrainStep, Tape])
def test_a_loss_that_is_not_finite_ends_the_run(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    loop = cls(epochs=3, steps_per_execution=2)
    message = failure(small_experiment(loop=loop, optimizer=HUGE))
    assert re.search(r"^loss is (nan|inf) in epoch 1, steps \d to \d", message)
    assert "optimizer.learning_rate=0.001" in message
    clipping = "optimizer.global_clipnorm=1" if cls is Fit else "loop.clip_norm=1"
    assert clipping in message
    assert "debug=eager" in message


def test_the_step_and_the_last_finite_loss_are_named(small_experiment: ExperimentFactory) -> None:
    message = failure(small_experiment(loop=Tape(steps_per_execution=1), optimizer=HUGE))
    assert re.search(r"1, step \d; the last finite loss was \S+, in epoch 1, step \d", message)


def test_a_step_that_owns_its_metrics(small_experiment: ExperimentFactory) -> None:
    loop = TrainStep(step=OwnMetrics(), steps_per_execution=2)
    assert "loss is" in failure(small_experiment(loop=loop, optimizer=HUGE, objective=NOTHING))


@pytest.mark.slow
def test_a_gan() -> None:
    overrides = ("experiment=gan", "dataset=digits", "dataset.limit=200", "tracking=none")
    rates = [f"optimizer.groups.{part}.optimizer.learning_rate=1e30" for part in PARTS]
    message = failure(compose([*overrides, "model.filters=4", *rates]))
    assert re.search("[dg]_loss is", message)
    for part in PARTS:
        assert f"optimizer.groups.{part}.optimizer.learning_rate=0.001" in message
    assert "+optimizer.groups.generator.optimizer.global_clipnorm=1" in message


PARTS = ("discriminator", "generator")


def test_reinforce(working_folder: Path) -> None:
    pytest.importorskip("gymnasium")
    experiment = Experiment(
        dataset=CartPole(train_episodes=2, validation_episodes=1, test_episodes=1),
        model=Mlp(hidden_units=(4,)),
        optimizer=HUGE,
        objective=NOTHING,
        loop=Reinforce(epochs=9),
        callbacks={},
        tracking=Untracked(),
        output_dir=working_folder,
    )
    message = failure(experiment)
    assert "step 1" in message
    assert "loop.run_eagerly=true" in message


def test_a_gradient_of_the_last_step_is_found_in_the_weights(
    small_experiment: ExperimentFactory,
) -> None:
    import keras

    class Spoil(keras.callbacks.Callback):
        """Has the effect of a last batch whose loss is finite and whose gradient is not."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            if batch == 4:
                self.model.trainable_variables[0].assign_add(
                    keras.ops.full_like(self.model.trainable_variables[0], float("inf"))
                )

    loop = Tape(epochs=1, steps_per_execution=1)
    dataset = Digits(limit=300, batch_size=64, validation_size=0)
    experiment = small_experiment(loop=loop, dataset=dataset, callbacks={"spoil": Spoil})
    assert re.search(r"the weight \S+ is not finite after epoch 1", failure(experiment))


def test_other_metrics_may_be_infinite() -> None:
    from altitude.callbacks.require_finite import RequireFinite

    guard = guarding(RequireFinite())
    guard.on_train_batch_end(0, {"loss": 0.5, "perplexity": float("inf"), "accuracy": float("nan")})
    with pytest.raises(NonFiniteError, match="val_kl_loss is inf at the end of epoch 1"):
        guard.on_epoch_end(0, {"loss": 0.5, "val_kl_loss": float("inf")})


def guarding(guard: Any) -> Any:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    guard.set_model(model)
    guard.set_params({"steps": 1})
    return guard


def test_what_is_proposed_composes() -> None:
    from altitude.experiment.remedies import divergence_remedies

    for chosen in ([], ["loop=tape"], ["optimizer=backbone_head", "model=backbone_head"]):
        for line in divergence_remedies(compose(chosen)):
            compose([*chosen, *line.partition(": ")[2].split()])


@pytest.mark.slow
def test_from_the_command_line_it_is_failed_and_on_no_leaderboard(
    working_folder: Path, default_store: Any
) -> None:
    settings = ("dataset=digits", "loop.epochs=2", "callbacks.tensorboard=null")
    process = run_altitude(
        "-m", *settings, "optimizer.learning_rate=1e30,1e-3", folder=working_folder
    )
    assert process.returncode == 1
    assert "Traceback" not in process.stdout + process.stderr
    assert "loss is" in process.stdout
    (experiment,) = [e for e in default_store.search_experiments() if e.name != "Default"]
    runs = default_store.search_runs([experiment.experiment_id])
    (failed,) = [r for r in runs if r.data.params.get("optimizer.learning_rate") == "1e+30"]
    assert failed.info.status == "FAILED"
    assert "NonFiniteError: loss is" in failed.data.tags["reason"]
    (board,) = working_folder.glob("multirun/*/*/leaderboard.csv")
    assert "1e+30" not in board.read_text()
