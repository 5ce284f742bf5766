"""The step of a model class that brings its own `train_step` and `test_step`."""

from typing import TYPE_CHECKING

from altitude.steps.step import Batch, Logs, Step

if TYPE_CHECKING:
    import keras


class ModelStep(Step):
    """Does what the model's own class does."""

    def train(self, model: "keras.Model", batch: Batch) -> Logs:
        """Calls the model's `train_step`."""
        return model.train_step(batch)  # type: ignore[no-any-return]

    def evaluate(self, model: "keras.Model", batch: Batch) -> Logs:
        """Calls the model's `test_step`."""
        return model.test_step(batch)  # type: ignore[no-any-return]


def brings_own_step(model: "keras.Model") -> bool:
    """Whether the model's class overrides Keras' `train_step`."""
    import keras

    return type(model).train_step is not keras.Model.train_step
