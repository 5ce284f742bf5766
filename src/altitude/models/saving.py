"""Saving the plain part of a model: what `keras.models.load_model` opens in any process."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from altitude.data.spec import DataSpec, StoredInput
from altitude.models.plain import ends, is_scaled, plain, takes_data

OPEN_DIMENSION = 8
"""How long a dimension is taken to be that a model leaves open, to compare two models on."""


class SavedModel:
    """The part of a model that is kept as `best.keras`.

    It shares its weights with the model. Once bound, whatever saves the model saves this part.

    Args:
        model: The compiled model, before training.
        part: The part of it that is to be kept. If the data go into it, it is saved together with
            their scaling, and so takes them as they are stored.
        spec: The form of the data.

    Attributes:
        model_input: What the saved model takes, in words.
    """

    def __init__(self, model: keras.Model, part: keras.Model, spec: DataSpec) -> None:
        self._model = model
        stored = spec.stored if takes_data(part, model, spec) else None
        self._part = plain(part, spec, 1.0 if stored is None else stored.divisor)
        self._spec = spec
        self.model_input = _described(self._part, stored)
        self._weights: list[Any] | None = None
        if self._part is not model:
            model.save = self._save

    def restore(self, path: Path) -> None:
        """Gives the model the weights that it had when the file was saved.

        Raises:
            RuntimeError: If the file, reloaded, computes something else than the model now does.
        """
        reloaded = keras.models.load_model(path, compile=False)
        if self._weights is not None:
            self._model.set_weights(self._weights)
        self._part.set_weights(reloaded.get_weights())
        if not _compute_the_same(self._part, reloaded, self._spec):
            raise RuntimeError(
                f"{path} was reloaded and is not the model that was trained: with the same weights "
                "it computes something else. Something of the model is not saved with it, such as "
                "an attribute of a layer of your own that get_config leaves out"
            )

    def forget(self) -> None:
        """Forgets what was saved, for another run with the same model."""
        self._weights = None

    def _save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        self._part.save(filepath, overwrite=overwrite, **options)
        self._weights = self._model.get_weights()


def _described(part: keras.Model, stored: StoredInput | None) -> str:
    """What a saved model takes, such as `inputs as they are stored, uint8 (28, 28)`."""
    if stored is None:
        tensors = getattr(part, "inputs", None) or []
        forms = [f"{tensor.dtype} {tuple(tensor.shape[1:])}" for tensor in tensors]
        return f"what it is given in training{''.join(f', {form}' for form in forms)}"
    form = f"{stored.dtype} {stored.shape}"
    if stored.divisor == 1 or is_scaled(part):
        return f"inputs as they are stored, {form}"
    return f"inputs divided by {stored.divisor:g}, {form}"


def _compute_the_same(first: keras.Model, second: keras.Model, spec: DataSpec) -> bool:
    generator = np.random.default_rng(0)
    largest = spec.stored.divisor if spec.stored is not None and is_scaled(first) else 1.0

    def example(tensor: Any) -> Any:
        size = [2, *(length or OPEN_DIMENSION for length in tensor.shape[1:])]
        return (largest * generator.random(size)).astype(tensor.dtype)

    has_inputs = bool(getattr(first, "inputs", None))
    symbolic = ends(first)[0] if has_inputs else keras.Input(spec.input_shape)
    inputs = keras.tree.map_structure(example, symbolic)
    outputs = (keras.tree.flatten(model(inputs, training=False)) for model in (first, second))
    pairs = zip(*outputs, strict=True)
    return all(np.allclose(a, b, rtol=1e-4, atol=1e-4, equal_nan=True) for a, b in pairs)
