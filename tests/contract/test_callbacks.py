"""Keras' callbacks see the same calls with the same logs at all three altitudes."""

import csv
import math
from functools import partial
from pathlib import Path
from typing import Any

import keras
import pytest

from altitude import LazyCall, NonFiniteError, Objective, RunResult, run
from altitude.data import Digits
from altitude.loops import Fit, Loop, Tape, TrainStep
from tests.conftest import ExperimentFactory

LOOPS = (Fit, TrainStep, Tape)
QUICK_LOOPS = (*(pytest.param(loop, marks=pytest.mark.slow) for loop in (Fit, TrainStep)), Tape)
Call = tuple[str, tuple[Any, ...], dict[str, float] | None]

HOOKS = [
    f"on_{what}_{moment}"
    for what in ("epoch", "train", "test", "train_batch", "test_batch")
    for moment in ("begin", "end")
]


class Recorder:
    """Makes callbacks that write down how they are called."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self) -> Any:
        import keras

        def remember(hook: str) -> Any:
            def method(_callback: Any, *arguments: Any, logs: Any = None) -> None:
                positional = [a for a in arguments if not isinstance(a, dict)]
                given = next((a for a in arguments if isinstance(a, dict)), logs)
                floats = None if given is None else {k: float(v) for k, v in given.items()}
                self.calls.append((hook, tuple(a for a in positional if a is not None), floats))

            return method

        methods = {hook: remember(hook) for hook in HOOKS}
        return type("Recording", (keras.callbacks.Callback,), methods)()


def run_with(
    make: ExperimentFactory, loop: Loop, callbacks: dict[str, Any], **changes: Any
) -> RunResult:
    folder = Path.cwd() / loop.name
    return run(make(loop=loop, callbacks=callbacks, output_dir=folder, **changes))


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_the_same_calls_with_the_same_logs(
    small_experiment: ExperimentFactory, steps_per_execution: int
) -> None:
    recorded = []
    for cls in LOOPS:
        recorder = Recorder()
        loop = cls(epochs=2, steps_per_execution=steps_per_execution)
        run_with(small_experiment, loop, {"recorder": recorder})
        recorded.append(recorder.calls)
    assert [hook for hook, _, _ in recorded[0]][:3] == [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
    ]
    # Five training batches and four of validation, in each of two epochs.
    calls = [hook for hook, _, _ in recorded[0]]
    assert calls.count("on_train_batch_end") == 2 * math.ceil(5 / steps_per_execution)
    assert calls.count("on_test_batch_end") == 2 * math.ceil(4 / steps_per_execution)
    assert recorded[1] == recorded[0]
    assert recorded[2] == recorded[0]


@pytest.mark.parametrize("cls", QUICK_LOOPS)
def test_early_stopping_stops_and_restores(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    # A function: that its direction is the wrong one, on purpose, is not known before it is called.
    stopping = partial(
        keras.callbacks.EarlyStopping,
        monitor="val_loss",
        mode="max",
        patience=1,
        restore_best_weights=True,
    )
    result = run_with(small_experiment, cls(epochs=9), {"early_stopping": stopping})
    # The validation loss falls, so the first epoch has the highest one.
    assert len(result.metrics_by_epoch["loss"]) == 2
    assert result.best_epoch == 1
    assert result.metrics["best_val_loss"] == result.metrics_by_epoch["val_loss"][0]


@pytest.mark.parametrize("cls", QUICK_LOOPS)
def test_reduce_lr_on_plateau_cuts(small_experiment: ExperimentFactory, cls: type[Loop]) -> None:
    plateau = LazyCall(
        "keras.callbacks.ReduceLROnPlateau",
        {"monitor": "val_loss", "factor": 0.5, "patience": 1, "min_delta": 10.0, "min_lr": 3e-4},
    )
    result = run_with(small_experiment, cls(epochs=4), {"plateau": plateau})
    assert result.metrics_by_epoch["learning_rate"] == pytest.approx([1e-3, 1e-3, 5e-4, 3e-4])
    assert result.learning_rate_cuts == [3, 4]


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOOPS)
def test_model_checkpoint_decides_what_is_best(
    small_experiment: ExperimentFactory, cls: type[Loop], working_folder: Path
) -> None:
    folder = working_folder / cls(epochs=1).name
    checkpoint = partial(
        keras.callbacks.ModelCheckpoint,
        str(folder / "best.keras"),
        monitor="val_loss",
        mode="max",
        save_best_only=True,
    )
    result = run_with(small_experiment, cls(epochs=3), {"model_checkpoint": checkpoint})
    assert result.best_epoch == 1
    assert result.metrics["best_val_accuracy"] == result.metrics_by_epoch["val_accuracy"][0]


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOOPS)
def test_learning_rate_scheduler_and_lambda(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    import keras

    seen: list[int] = []
    callbacks = {
        "scheduler": lambda: keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
        "lambda": lambda: keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(epoch)  # noqa: ARG005
        ),
    }
    result = run_with(small_experiment, cls(epochs=3), callbacks)
    assert result.metrics_by_epoch["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert seen == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOOPS)
def test_terminate_on_nan_does_not_turn_a_divergence_into_a_result(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    callbacks = {"nan": LazyCall("keras.callbacks.TerminateOnNaN")}
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": 1e30})
    loop = cls(epochs=9, steps_per_execution=1)
    with pytest.raises(NonFiniteError, match="in epoch 1, step"):
        run_with(small_experiment, loop, callbacks, optimizer=optimizer)


@pytest.mark.slow
def test_csv_logger_writes_the_same(small_experiment: ExperimentFactory) -> None:
    rows = []
    for cls in LOOPS:
        file = Path.cwd() / f"{cls.__name__}.csv"
        logger = LazyCall("keras.callbacks.CSVLogger", {"filename": str(file)})
        run_with(small_experiment, cls(epochs=2), {"csv": logger})
        with file.open() as lines:
            rows.append(list(csv.DictReader(lines)))
    assert [row["epoch"] for row in rows[0]] == ["0", "1"]
    assert set(rows[0][0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.slow
def test_tensorboard_writes_the_same(small_experiment: ExperimentFactory) -> None:
    written = []
    for cls in LOOPS:
        folder = Path.cwd() / cls.__name__
        board = LazyCall("keras.callbacks.TensorBoard", {"log_dir": folder, "histogram_freq": 1})
        run_with(small_experiment, cls(epochs=2), {"tensorboard": board})
        written.append((scalars(folder / "train"), scalars(folder / "validation")))
    assert {tag for tag, _ in written[0][0]} >= {"epoch_loss", "epoch_accuracy"}
    assert written[0] == written[1] == written[2]


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """All scalars of the epochs, by tag and step, that lie in a TensorBoard folder."""
    import tensorflow as tf

    found = {}
    for file in folder.glob("events*"):
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "scalars":
                    found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOOPS)
def test_metrics_are_reset_every_epoch(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": 1e-30})
    result = run_with(small_experiment, cls(epochs=3), {}, optimizer=optimizer)
    for name in ("loss", "accuracy", "val_loss"):
        # Weights stand still, so every epoch's mean is the same up to the order of its sum.
        assert result.metrics_by_epoch[name] == pytest.approx(
            [result.metrics_by_epoch[name][0]] * 3, rel=1e-5
        )


@pytest.mark.parametrize("cls", [TrainStep, pytest.param(Tape, marks=pytest.mark.slow)])
def test_grad_norm_is_of_one_epoch_and_of_training_alone(
    small_experiment: ExperimentFactory, cls: type[TrainStep]
) -> None:
    import keras

    at_first_batch: list[float] = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            if batch == 0:
                at_first_batch.append(float(self.model.grad_norm.count))

    loop = cls(epochs=2, clip_norm=1e-6)
    result = run_with(small_experiment, loop, {"watch": Watch})
    assert at_first_batch == [0.0, 0.0]
    assert min(result.metrics_by_epoch["grad_norm"]) > 0.1  # the norm before clipping
    assert "val_grad_norm" not in result.metrics_by_epoch


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOOPS)
def test_weighted_metrics_see_the_class_weight(
    small_experiment: ExperimentFactory, cls: type[Loop]
) -> None:
    name = "weighted"
    metric = LazyCall("keras.metrics.SparseCategoricalAccuracy", {"name": name})
    objective = Objective(
        metrics={},
        weighted_metrics={name: metric},
        class_weight={c: float(c == 3) for c in range(10)},
    )
    dataset = Digits(limit=300, batch_size=64)
    result = run_with(small_experiment, cls(epochs=5), {}, objective=objective, dataset=dataset)
    assert result.metrics_by_epoch[name][-1] > 0.9  # only threes count, so only threes are learnt
    assert result.metrics["test_weighted"] < 0.5
