"""The hand-written recipe at altitude 3: a raw GradientTape loop, which does without callbacks."""

import sys
import time

import keras
import recipe
import tensorflow as tf

epochs = int(sys.argv[1])
keras.utils.set_random_seed(42)
train, validation, test = recipe.load_datasets()
model = keras.Model(*recipe.layers())
optimizer = keras.optimizers.Adam(1e-3)
loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_loss = keras.metrics.Mean()
train_accuracy = keras.metrics.SparseCategoricalAccuracy()
val_accuracy = keras.metrics.SparseCategoricalAccuracy()


@tf.function
def train_step(x: tf.Tensor, y: tf.Tensor) -> None:
    """One update."""
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = loss_function(y, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    train_loss.update_state(loss)
    train_accuracy.update_state(y, logits)


@tf.function
def val_step(x: tf.Tensor, y: tf.Tensor) -> None:
    """One batch of validation."""
    val_accuracy.update_state(y, model(x, training=False))


seconds = []
best = 0.0
for epoch in range(epochs):
    began = time.perf_counter()
    for metric in (train_loss, train_accuracy, val_accuracy):
        metric.reset_state()
    for x, y in train:
        train_step(x, y)
    for x, y in validation:
        val_step(x, y)
    accuracy = float(val_accuracy.result())
    print(f"epoch {epoch + 1} loss {float(train_loss.result()):.4f} val_accuracy {accuracy:.4f}")
    if accuracy > best:
        best = accuracy
        model.save_weights("best.weights.h5")
    seconds.append(time.perf_counter() - began)
val_accuracy.reset_state()
for x, y in test:
    val_step(x, y)
print(float(val_accuracy.result()))
recipe.report(seconds)
