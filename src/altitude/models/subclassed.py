"""The user's own subclasses of `keras.Model`, unmodified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic.dataclasses import dataclass

from altitude.data.spec import DataSpec
from altitude.lazy import keras
from altitude.models.layers import inputs_and_outputs
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Subclassed:
    """Builds a model of a class that extends `keras.Model`, unmodified.

    If the class overrides `train_step`, altitudes 2 and 3 train with it.

    Attributes:
        model_class: Returns the model when called, with the inputs and outputs of `network`, or
            without positional arguments if there is no network.
        network: Builds the layers of a functional model class; None if the class has its own.
        saved: Attribute with the part of the model to save as `best.keras`, such as the generator
            of a GAN; None saves the whole model.

    Example:
        >>> import keras
        >>> from altitude.data import DataSpec, LabelSpec
        >>> from altitude.models import Mlp, Subclassed
        >>> class MyModel(keras.Model):
        ...     pass
        >>> build = Subclassed(model_class=MyModel, network=Mlp(hidden_units=(16,)))
        >>> type(build(DataSpec((8, 8), LabelSpec("integer", 10)))).__name__
        'MyModel'
    """

    model_class: Callable[..., Any]
    network: Callable[[DataSpec], Any] | None = None
    saved: str | None = None

    def __call__(self, spec: DataSpec) -> keras.Model:
        """Builds the model for data of the given specification."""
        if self.network is None:
            return self.model_class()
        return self.model_class(*inputs_and_outputs(self.network(spec)))
