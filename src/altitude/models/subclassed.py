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

    If the class brings its own `train_step`, that is what trains it, at altitudes 2 and 3.

    Attributes:
        model_class: Returns the model when called: with the network's inputs and outputs, where
            there is a network, else with the arguments of its config alone.
        network: Builds the layers of a class that is made of inputs and outputs.
        saved: Name of the attribute that holds the part of the model that is kept as `best.keras`,
            such as the generator of a GAN; None keeps all of it.

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
        """Builds the model for data of the given form."""
        if self.network is None:
            return self.model_class()
        return self.model_class(*inputs_and_outputs(self.network(spec)))
