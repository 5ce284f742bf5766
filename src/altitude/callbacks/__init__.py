"""Our own Keras callbacks, one file each. Importing them imports TensorFlow."""

from altitude.callbacks.freeze import Freeze
from altitude.callbacks.sample_images import SampleImages

__all__ = ["Freeze", "SampleImages"]
