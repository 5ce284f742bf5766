"""Altitude 3: a whole training loop of one's own, with Keras' callbacks around it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass

from altitude.loops.stepping import SteppingLoop
from altitude.steps import Step
from altitude.validation import STRICT

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from altitude.data.pipeline import Pipelines


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Tape(SteppingLoop):
    """Epochs, batches, metrics and callbacks in plain sight; a GradientTape in the step.

    It calls callbacks in the order and with the logs of Keras' `fit`, so a loop of another shape
    can start from this one.
    """

    def run(
        self,
        model: "keras.Model",
        pipelines: "Pipelines",
        callbacks: Sequence["keras.callbacks.Callback"],
    ) -> "keras.callbacks.History":
        """Trains with the loop below."""
        import keras

        from altitude.callbacks.epoch_order import EpochOrder
        from altitude.loops.execution import Execution, epoch_logs

        step = self._step_of(model)
        train = Execution(model, step.train, pipelines.train, "train")
        validate = None
        if pipelines.validation is not None:
            validate = Execution(model, step.evaluate, pipelines.validation, "test")
        watchers = keras.callbacks.CallbackList(
            [EpochOrder(pipelines.epoch), *callbacks],
            add_history=True,
            model=model,
            epochs=self.epochs,
            steps=train.num_batches,
            verbose=0,
        )
        logs: dict[str, Any] = {}
        model.stop_training = False
        watchers.on_train_begin()
        for epoch in range(self.epochs):
            model.reset_metrics()
            watchers.on_epoch_begin(epoch)
            logs = epoch_logs(model, train.run(watchers))
            if validate is not None:
                logs |= {
                    f"val_{name}": value for name, value in validate.evaluate(watchers).items()
                }
            watchers.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        model.optimizer.finalize_variable_values(model.trainable_weights)
        watchers.on_train_end(logs)
        return model.history

    def evaluate(self, model: "keras.Model", dataset: "tf.data.Dataset") -> dict[str, float]:
        """Evaluates with the step."""
        import keras

        from altitude.loops.execution import Execution

        watchers = keras.callbacks.CallbackList([], model=model)
        return Execution(model, self._step_of(model).evaluate, dataset, "test").evaluate(watchers)

    def _step_of(self, model: "keras.Model") -> Step:
        from altitude.steps.own import ModelStep, brings_own_step

        return ModelStep() if brings_own_step(model) else self.clipped_step
