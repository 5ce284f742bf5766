"""Epochs with Keras' callbacks around them: the frame of every loop at altitude 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from altitude.lazy import keras
from altitude.loops.position import START, Position


def run_epochs(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    epochs: int,
    steps: int,
    run_epoch: Callable[[int, keras.callbacks.CallbackList], Mapping[str, Any]],
    start: Position = START,
) -> keras.callbacks.History:
    """Calls a function once an epoch, and the callbacks around it as Keras' `fit` does.

    Args:
        model: The compiled model. Its metrics are reset before each epoch, and a callback that sets
            its `stop_training` ends the training.
        callbacks: Keras callbacks, in order.
        epochs: The largest number of epochs.
        steps: The number of steps in an epoch, for callbacks that show progress.
        run_epoch: Runs one epoch. Takes its number, counted from 0, and the callbacks, which it
            calls around its batches; returns the epoch's metrics.
        start: The epoch and batch to begin with. The first epoch is run from that batch on.

    Returns:
        Keras' history: lists of metrics, one value an epoch.
    """
    from altitude.loops.continued import ContinuedCallbacks  # a class of Keras

    watchers = ContinuedCallbacks(callbacks, model=model, epochs=epochs, steps=steps, start=start)
    logs: dict[str, Any] = {}
    model.stop_training = False
    watchers.on_train_begin()
    for epoch in range(start.epoch, epochs):
        model.reset_metrics()
        watchers.on_epoch_begin(epoch)
        logs = dict(run_epoch(epoch, watchers))
        watchers.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    if model.optimizer is not None:
        model.optimizer.finalize_variable_values(model.trainable_weights)
    watchers.on_train_end(logs)
    watchers.end()
    return model.history
