"""A training that goes on elsewhere ends as the one that was never interrupted, bit for bit."""

import json
from pathlib import Path

import pytest

from tests import processes
from tests.contract.going_on import RESULT, Result, train

COMMON = ("loop.epochs=6", "loop.steps_per_execution=2")
SMALL = (*COMMON, "dataset=digits", "dataset.limit=500", "callbacks.tensorboard=null")
DIGITS = (*SMALL, "model=mlp", "model.hidden_units=[32]")
NOISY = (
    "model.dropout=0.3",
    "+dataset.transforms.mixup._target_=altitude.data.Mixup",
    "+dataset.transforms.mixup.alpha=0.2",
    "callbacks.reduce_lr_on_plateau.patience=0",
    "+callbacks.reduce_lr_on_plateau.min_delta=0.2",
    "callbacks.early_stopping.patience=3",
    "callbacks.early_stopping.min_delta=0.2",
)
AVERAGED = (
    "experiment=ema",
    "optimizer.gradient_accumulation_steps=2",
    "optimizer.ema_momentum=0.9",
)
GAN = (
    "experiment=gan",
    "dataset.limit=256",
    "dataset.batch_size=64",
    "model.filters=4",
    "loop.epochs=3",
    "loop.steps_per_execution=1",
)
GROUPED = (
    *SMALL,
    "experiment=backbone_head",
    "callbacks.reduce_lr_on_plateau.patience=0",
    "+callbacks.reduce_lr_on_plateau.min_delta=0.2",
)
STEEP = (
    "optimizer=sgd",
    "optimizer.learning_rate=1e20",
    "loop.steps_per_execution=1",
    "dataset.batch_size=16",
    "loop.epochs=3",
    "loop.on_nan=rollback",
    "loop.max_rollbacks=60",
)
KINDS = {
    "noisy-fit": (*DIGITS, *NOISY, "loop=fit"),
    "noisy-train_step": (*DIGITS, *NOISY, "loop=train_step"),
    "noisy-tape": (*DIGITS, *NOISY, "loop=tape"),
    "averaged-fit": (*DIGITS, *AVERAGED, "loop=fit"),
    "averaged-train_step": (*DIGITS, *AVERAGED, "loop=train_step"),
    "averaged-tape": (*DIGITS, *AVERAGED, "loop=tape"),
    "two-optimizers-fit": (*GROUPED, "loop=fit"),
    "two-optimizers-train_step": (*GROUPED, "loop=train_step"),
    "two-optimizers-tape": (*GROUPED, "loop=tape"),
    "rollback-tape": (*DIGITS, *STEEP, "loop=tape"),
    "frozen-train_step": (*SMALL, "experiment=freeze_then_finetune", "loop=train_step"),
    "accumulate-train_step": (*DIGITS, "experiment=accumulate", "dataset.batch_size=64"),
    "accumulate-tape": (*DIGITS, "experiment=accumulate", "dataset.batch_size=64", "loop=tape"),
    "half-precision-tape": (*DIGITS, "loop.precision=mixed_float16", "loop=tape"),
    "gan-train_step": (*GAN, "loop=train_step"),
    "gan-tape": (*GAN, "loop=tape"),
    "reinforce": ("experiment=reinforce", "loop.epochs=4", "dataset.train_episodes=4"),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Result, dict[str, Result]]]:
    """What each kind came to, and what came of all its states in another process."""
    folder = tmp_path_factory.mktemp("states")
    whole = {}
    for kind, overrides in KINDS.items():
        (folder / kind).mkdir()
        (folder / kind / "overrides.json").write_text(json.dumps(overrides))
        # As JSON writes it, on both sides.
        whole[kind] = json.loads(json.dumps(train(overrides, folder / kind)))
    names = [str(folder / kind) for kind in KINDS]
    root = Path(__file__).parents[2]
    done = processes.run_python("-m", "tests.contract.going_on", *names, folder=root)
    assert done.returncode == 0, done.stderr
    return {
        kind: (result, json.loads((folder / kind / RESULT).read_text()))
        for kind, result in whole.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_goes_on_as_if_nothing_had_happened(
    kind: str, ends: dict[str, tuple[Result, dict[str, Result]]]
) -> None:
    whole, continued = ends[kind]
    epochs = len(whole["epochs"])
    boundaries = [name for name in continued if name.endswith("-0")]
    assert len(boundaries) == epochs
    if kind != "reinforce":  # whose epochs are one step
        assert len(continued) == 2 * epochs
    for name, result in continued.items():
        assert result == whole, name


@pytest.mark.slow
def test_the_noisy_trainings_are_cut_and_stopped_on_the_way(
    ends: dict[str, tuple[Result, dict[str, Result]]],
) -> None:
    whole, _ = ends["noisy-fit"]
    rates = whole["history"]["learning_rate"]
    assert min(rates) < max(rates)
    assert len(whole["epochs"]) < 6
