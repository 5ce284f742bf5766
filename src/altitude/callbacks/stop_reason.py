"""The reason why a training ended."""

from collections.abc import Mapping

import keras


def stop_reason(callbacks: Mapping[str, keras.callbacks.Callback], epochs: int, budget: int) -> str:
    """Describes why a training that was not interrupted ended.

    Callbacks other than EarlyStopping can set an attribute `stop_reason`.

    Args:
        callbacks: The user's callbacks by name, after training.
        epochs: The number of epochs that were trained.
        budget: The largest number of epochs.

    Returns:
        The reason, such as "all 30 epochs trained (loop.epochs)".
    """
    for name, callback in callbacks.items():
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.stopped_epoch > 0:
            epoch_word = "epoch" if callback.patience == 1 else "epochs"
            patience = f"{callback.patience} {epoch_word} (callbacks.{name}.patience)"
            return f"{callback.monitor} did not improve for {patience}"
        if getattr(callback, "stop_reason", ""):
            return str(callback.stop_reason)
    if epochs >= budget:
        return f"all {budget} epochs trained (loop.epochs)"
    return "a callback set model.stop_training"
