"""The same seed, data and maths give the same weights at all three altitudes, bit for bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from altitude import Experiment, LazyCall, Objective, RunResult, run
from altitude.data import Digits
from altitude.loops import Fit, Loop, Tape, TrainStep
from altitude.models import Cnn, Mlp
from tests.conftest import ExperimentFactory

EPOCHS = 3
# 300 examples in batches of 64: five batches of which the last is short, two to a call.
SETTINGS: dict[str, Any] = {"epochs": EPOCHS, "steps_per_execution": 2}


def final_weights(experiment: Experiment) -> tuple[list[np.ndarray[Any, Any]], RunResult]:
    """Trains and returns the weights at the end of training, in memory and not reloaded."""
    import keras

    kept: list[np.ndarray[Any, Any]] = []

    class Keep(keras.callbacks.Callback):
        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
            kept.extend(self.model.get_weights())

    callbacks = {**experiment.callbacks, "keep": Keep}
    changed = {**vars(experiment), "callbacks": callbacks}
    result = run(Experiment(**changed))
    return kept, result


def require_parity(make: ExperimentFactory, loops: list[Loop], **changes: Any) -> None:
    (first, first_result), *others = (
        final_weights(make(loop=loop, output_dir=Path.cwd() / loop.name, **changes))
        for loop in loops
    )
    assert np.isfinite(first[0]).all()
    for weights, result in others:
        for expected, found in zip(first, weights, strict=True):
            np.testing.assert_array_equal(found, expected)
        assert metrics_of(result) == metrics_of(first_result)
        assert result.metrics == first_result.metrics


def metrics_of(result: RunResult) -> dict[str, list[float]]:
    """The history without what may differ: the time that an epoch took."""
    return {k: list(v) for k, v in result.metrics_by_epoch.items() if k != "epoch_seconds"}


def all_loops(**settings: Any) -> list[Loop]:
    return [cls(**{**SETTINGS, **settings}) for cls in (Fit, TrainStep, Tape)]


@pytest.mark.slow
def test_plain(small_experiment: ExperimentFactory) -> None:
    require_parity(small_experiment, all_loops())


@pytest.mark.slow
def test_with_dropout_and_regularisation(small_experiment: ExperimentFactory) -> None:
    model = Mlp(hidden_units=(16, 16), dropout=0.3, l2=0.01)
    require_parity(small_experiment, all_loops(), model=model)


@pytest.mark.slow
def test_with_class_weight(small_experiment: ExperimentFactory) -> None:
    objective = Objective(class_weight={3: 5.0, 8: 0.0})
    require_parity(small_experiment, all_loops(), objective=objective)


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_execution", [1, 5, 100])
def test_whatever_the_batches_in_a_call(
    small_experiment: ExperimentFactory, steps_per_execution: int
) -> None:
    require_parity(small_experiment, all_loops(steps_per_execution=steps_per_execution))


@pytest.mark.slow
def test_with_moving_averages_of_the_weights(small_experiment: ExperimentFactory) -> None:
    optimizer = LazyCall("keras.optimizers.Adam", {"use_ema": True, "ema_momentum": 0.9})
    require_parity(small_experiment, all_loops(), optimizer=optimizer)


@pytest.mark.slow
def test_with_gradient_accumulation(small_experiment: ExperimentFactory) -> None:
    optimizer = LazyCall("keras.optimizers.SGD", {"gradient_accumulation_steps": 2})
    require_parity(small_experiment, all_loops(), optimizer=optimizer)


@pytest.mark.slow
def test_run_eagerly(small_experiment: ExperimentFactory) -> None:
    require_parity(small_experiment, all_loops(run_eagerly=True, steps_per_execution=1))


@pytest.mark.slow
def test_compiled_by_xla(small_experiment: ExperimentFactory) -> None:
    require_parity(small_experiment, all_loops(jit_compile=True))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_in_mixed_precision(small_experiment: ExperimentFactory, precision: str) -> None:
    require_parity(small_experiment, all_loops(precision=precision))


@pytest.mark.slow
def test_of_a_convolutional_network(small_experiment: ExperimentFactory) -> None:
    require_parity(small_experiment, all_loops(), model=Cnn(filters=(4,), hidden_units=8))


@pytest.mark.slow
def test_whatever_callbacks_are_attached(small_experiment: ExperimentFactory) -> None:
    callbacks = {
        "early_stopping": LazyCall(
            "keras.callbacks.EarlyStopping", {"patience": 0, "restore_best_weights": True}
        ),
        "reduce_lr_on_plateau": LazyCall(
            "keras.callbacks.ReduceLROnPlateau", {"patience": 0, "min_delta": 10.0}
        ),
    }
    require_parity(small_experiment, all_loops(), callbacks=callbacks)


def test_clipped(small_experiment: ExperimentFactory) -> None:
    loops: list[Loop] = [cls(**SETTINGS, clip_norm=0.1) for cls in (TrainStep, Tape)]
    require_parity(small_experiment, loops)


@pytest.mark.slow
def test_clipped_in_half_precision(small_experiment: ExperimentFactory) -> None:
    settings = {**SETTINGS, "clip_norm": 0.1, "precision": "mixed_float16"}
    require_parity(small_experiment, [cls(**settings) for cls in (TrainStep, Tape)])


@pytest.mark.slow
def test_clipped_by_the_optimizer_to_within_float_error(
    small_experiment: ExperimentFactory,
) -> None:
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": 0.1, "global_clipnorm": 0.1})
    by_optimizer, _ = final_weights(small_experiment(loop=Fit(**SETTINGS), optimizer=optimizer))
    plain = LazyCall("keras.optimizers.SGD", {"learning_rate": 0.1})
    unclipped, _ = final_weights(small_experiment(loop=Fit(**SETTINGS), optimizer=plain))
    for cls in (TrainStep, Tape):
        loop = cls(**SETTINGS, clip_norm=0.1)
        by_step, _ = final_weights(small_experiment(loop=loop, optimizer=plain))
        for expected, found in zip(by_optimizer, by_step, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert not np.allclose(by_optimizer[0], unclipped[0], rtol=1e-2)


@pytest.mark.slow
def test_the_seed_matters_and_decides(small_experiment: ExperimentFactory) -> None:
    loop = Tape(**SETTINGS)
    first, _ = final_weights(small_experiment(loop=loop, seed=1))
    again, _ = final_weights(small_experiment(loop=loop, seed=1))
    other, _ = final_weights(small_experiment(loop=loop, seed=2))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.slow
def test_evaluation_never_updates_weights(small_experiment: ExperimentFactory) -> None:
    dataset = Digits(limit=300, batch_size=64, validation_size=0)
    for loop in all_loops():
        with_validation, _ = final_weights(small_experiment(loop=loop))
        without, _ = final_weights(small_experiment(loop=loop, dataset=dataset))
        np.testing.assert_array_equal(with_validation[0], without[0])
