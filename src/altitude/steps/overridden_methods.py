"""Inspects the methods of `keras.Model` that a model class overrides."""

from __future__ import annotations

from altitude.lazy import keras


def overrides(model: keras.Model, method: str) -> bool:
    """Returns whether the model's class overrides a method of `keras.Model`.

    Args:
        model: Any model.
        method: The name of the method, such as `train_step`.
    """
    return getattr(type(model), method) is not getattr(keras.Model, method)


def overrides_train_step(model: keras.Model) -> bool:
    """Returns whether the model's class overrides Keras' `train_step`.

    Args:
        model: Any model.
    """
    return overrides(model, "train_step")


def missing_for_evaluation(model: keras.Model) -> str:
    """Returns what a compiled model lacks to be evaluated, in words; empty if it lacks nothing.

    A GAN may have neither outputs, nor a `call`, nor a `test_step` of its own: it is only trained.

    Args:
        model: The compiled model.
    """
    if overrides(model, "test_step"):
        return ""
    if not overrides(model, "call") and not getattr(model, "outputs", None):
        return "neither `call` nor `test_step`"
    computes_loss = overrides(model, "compute_loss") or model.losses
    if overrides_train_step(model) and model.loss is None and not computes_loss:
        return "neither a compiled loss nor `test_step`"
    return ""
