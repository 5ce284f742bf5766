"""Model classes that bring a training step of their own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def brings_own_step(model: "keras.Model") -> bool:
    """Whether the model's class overrides Keras' `train_step`."""
    import keras

    return type(model).train_step is not keras.Model.train_step


def can_evaluate(model: "keras.Model") -> bool:
    """Whether the model can be evaluated: it has outputs, a `call`, or a `test_step` of its own.

    A GAN may have none of them: it is only ever trained.
    """
    import keras

    cls = type(model)
    has_own = cls.call is not keras.Model.call or cls.test_step is not keras.Model.test_step
    return has_own or bool(getattr(model, "outputs", None))
