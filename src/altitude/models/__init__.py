"""Model builders: callables that take a `DataSpec` and return a Keras model."""

from altitude.models.backbone_head import BackboneHead
from altitude.models.cnn import Cnn
from altitude.models.gan import Gan
from altitude.models.label_and_image import LabelAndImage
from altitude.models.mlp import Mlp
from altitude.models.subclassed import Subclassed

__all__ = ["BackboneHead", "Cnn", "Gan", "LabelAndImage", "Mlp", "Subclassed"]
