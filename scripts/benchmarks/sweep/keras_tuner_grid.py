"""The same grid by KerasTuner, which tracks nothing and saves the best weights by itself."""

import sys
from typing import Any

import keras
import keras_tuner
import recipe
from clipped_model import ClippedModel

learning_rates, patiences, clip_norms, epochs = sys.argv[1:]


class Recipe(keras_tuner.HyperModel):
    """The hand-written recipe."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled model."""
        keras.utils.set_random_seed(42)
        hp.Choice("patience", [int(value) for value in patiences.split(",")])
        rate = hp.Choice("learning_rate", [float(value) for value in learning_rates.split(",")])
        norm = hp.Choice("clip_norm", [float(value) for value in clip_norms.split(",")])
        model = ClippedModel(*recipe.layers(), clip_norm=norm)
        model.compile(**recipe.compile_arguments(rate))
        return model

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains it."""
        callbacks = [recipe.early_stopping(hp.get("patience")), *kwargs.pop("callbacks")]
        return model.fit(*args, callbacks=callbacks, **kwargs)


train, validation, test = recipe.load_datasets()
tuner = keras_tuner.GridSearch(
    Recipe(), objective="val_accuracy", directory="tuner", project_name="sweep"
)
tuner.search(
    train,
    validation_data=validation,
    epochs=int(epochs),
    verbose=2,
    callbacks=[recipe.reduce_learning_rate(), recipe.tensorboard()],
)
(best,) = tuner.get_best_models(1)
print(best.evaluate(test, verbose=0))
