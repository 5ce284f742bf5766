"""Model classes that bring a training step of their own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def brings_own_step(model: "keras.Model") -> bool:
    """Whether the model's class overrides Keras' `train_step`."""
    import keras

    return type(model).train_step is not keras.Model.train_step


def missing_for_evaluation(model: "keras.Model") -> str:
    """What a compiled model would need to be evaluated, in words; empty if it has it all.

    A GAN may have neither outputs, nor a `call`, nor a `test_step` of its own: it is only trained.
    """
    import keras

    cls, base = type(model), keras.Model
    if cls.test_step is not base.test_step:
        return ""
    if cls.call is base.call and not getattr(model, "outputs", None):
        return "neither `call` nor `test_step`"
    computes_loss = cls.compute_loss is not base.compute_loss or model.losses
    if brings_own_step(model) and model.loss is None and not computes_loss:
        return "neither a compiled loss nor `test_step`"
    return ""
