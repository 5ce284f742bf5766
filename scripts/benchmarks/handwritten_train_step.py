"""The hand-written recipe at altitude 2: a train_step with clipping and the norm as a metric."""

import sys

import keras
import recipe
from clipped_model import ClippedModel

epochs = int(sys.argv[1])
keras.utils.set_random_seed(42)
train, validation, test = recipe.load_datasets()
model = ClippedModel(*recipe.layers())
model.compile(**recipe.compile_arguments())
callbacks = [*recipe.callbacks(patience=epochs), recipe.Clock()]
model.fit(train, validation_data=validation, epochs=epochs, verbose=2, callbacks=callbacks)
print(model.evaluate(test, verbose=0))
