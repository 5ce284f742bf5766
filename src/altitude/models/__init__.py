"""Model builders: called with what the data looks like, they return a Keras model."""

from altitude.models.cnn import Cnn
from altitude.models.mlp import Mlp
from altitude.models.subclassed import Subclassed

__all__ = ["Cnn", "Mlp", "Subclassed"]
