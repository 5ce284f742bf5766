"""Callbacks act on metrics that are there: one that never would is an error, not a silent 0."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from altitude import ConfigError, LazyCall, TrainingError, run
from altitude.data import DataSpec, Digits
from altitude.loops import Fit, Loop, Tape
from altitude.models import Mlp, Subclassed
from tests.conftest import ExperimentFactory


def class_that_reports(*names: str) -> Any:
    """A model class with a step and metrics of its own, each of which has the loss as its value."""
    import keras
    import tensorflow as tf

    class Theirs(keras.Model):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            self.trackers = [keras.metrics.Mean(name=name) for name in names]

        @property
        def metrics(self) -> list[Any]:
            return self.trackers

        def _measure(self, loss: Any) -> dict[str, Any]:
            for tracker in self.trackers:
                tracker.update_state(loss)
            return {tracker.name: tracker.result() for tracker in self.trackers}

        def train_step(self, data: Any) -> dict[str, Any]:
            with tf.GradientTape() as tape:
                loss = self.compute_loss(y=data[1], y_pred=self(data[0], training=True))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables))
            return self._measure(loss)

        def test_step(self, data: Any) -> dict[str, Any]:
            return self._measure(self.compute_loss(y=data[1], y_pred=self(data[0])))

    return Theirs


def of_class(*names: str) -> Subclassed:
    def network(spec: DataSpec) -> Any:
        return Mlp(hidden_units=(4,))(spec)

    return Subclassed(
        model_class=lambda inputs, outputs: class_that_reports(*names)(inputs, outputs),
        network=network,
    )


def checkpoint(folder: Path, monitor: str, mode: str = "max") -> LazyCall:
    settings = {"monitor": monitor, "mode": mode, "save_best_only": True}
    path = str(folder / "run" / "best.keras")
    return LazyCall("keras.callbacks.ModelCheckpoint", settings | {"filepath": path})


def stopping(monitor: str) -> LazyCall:
    return LazyCall("keras.callbacks.EarlyStopping", {"monitor": monitor, "mode": "min"})


@pytest.mark.parametrize("cls", [Fit, Tape])
def test_the_only_loss_takes_the_place_of_a_default(
    small_experiment: ExperimentFactory, working_folder: Path, cls: type[Loop]
) -> None:
    callbacks = {"best": checkpoint(working_folder, "val_accuracy")}
    experiment = small_experiment(model=of_class("loss"), loop=cls(epochs=2), callbacks=callbacks)
    screen = io.StringIO()
    result = run(experiment, console=Console(file=screen, width=120))
    losses = list(result.metrics_by_epoch["val_loss"])
    assert result.best_epoch == 1 + losses.index(min(losses))
    assert "callbacks.best monitors val_loss: val_accuracy is not reported" in screen.getvalue()


@pytest.mark.parametrize(
    ("names", "monitor", "proposed"),
    [
        (("loss",), "val_f1", "callbacks.best.monitor=val_loss callbacks.best.mode=min"),
        (("d_loss", "g_loss"), "val_accuracy", "callbacks.best.monitor=val_d_loss"),
    ],
)
def test_a_monitor_that_nothing_reports_is_an_error_in_the_first_epoch(
    names: tuple[str, ...],
    monitor: str,
    proposed: str,
    small_experiment: ExperimentFactory,
    working_folder: Path,
) -> None:
    callbacks = {"best": checkpoint(working_folder, monitor), "stop": stopping("val_nll")}
    experiment = small_experiment(model=of_class(*names), loop=Tape(epochs=9), callbacks=callbacks)
    with pytest.raises(TrainingError, match=f"callbacks.best monitors {monitor}, which") as failed:
        run(experiment)
    assert proposed in str(failed.value)
    assert "callbacks.stop monitors val_nll" in str(failed.value)
    assert "reported in the first epoch: " + names[0] in str(failed.value)


def test_a_callback_may_add_what_another_monitors(
    small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    import keras

    class Add(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["val_f1"] = 1.0 - epoch

    callbacks = {"add": Add, "best": checkpoint(working_folder, "val_f1")}
    result = run(small_experiment(loop=Tape(epochs=2), callbacks=callbacks))
    assert result.best_epoch == 1


def test_without_validation_nothing_can_monitor_it(small_experiment: ExperimentFactory) -> None:
    dataset = Digits(limit=300, batch_size=64, validation_size=0)
    callbacks = {"stop": stopping("val_loss"), "idle": stopping("loss")}
    with pytest.raises(ConfigError) as refused:
        run(small_experiment(dataset=dataset, callbacks=callbacks))
    (problem,) = refused.value.problems
    assert (problem.key, problem.given) == ("callbacks.stop.monitor", "val_loss")
    assert problem.instead.endswith("callbacks.stop.monitor=loss callbacks.stop.mode=min")


def test_a_job_that_cannot_be_ranked_ends_in_its_first_epoch(
    small_experiment: ExperimentFactory,
) -> None:
    experiment = small_experiment(model=of_class("loss"), loop=Tape(epochs=9))
    with pytest.raises(TrainingError, match="best_val_accuracy, the objective of") as failed:
        run(experiment, results=["best_val_accuracy", "test_loss", "epoch_seconds"])
    assert "sweep.objective=[best_val_loss,test_loss,epoch_seconds]" in str(failed.value)
    assert "sweep.direction=[minimize,minimize,minimize]" in str(failed.value)


def test_a_checkpoint_that_saves_nothing_leaves_the_last_model(
    small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    call = checkpoint(working_folder, "val_accuracy")
    threshold = LazyCall(call.target, {**call.arguments, "initial_value_threshold": 2.0})
    result = run(small_experiment(loop=Tape(epochs=2), callbacks={"best": threshold}))
    assert result.best_epoch == 2
    assert result.model_path.is_file()
