"""Saving the plain part of a model: what `keras.models.load_model` opens in any process."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem, did_you_mean

OPEN_DIMENSION = 8
"""How long a dimension is taken to be that a model leaves open, to compare two models on."""


class SavedModel:
    """The part of a model that is kept as `best.keras`.

    It shares its weights with the model. Once bound, whatever saves the model saves this part.

    Args:
        model: The compiled model, before training.
        part: The part of it that is to be kept.
        spec: The form of the data, for models that were never given inputs.
    """

    def __init__(self, model: keras.Model, part: keras.Model, spec: DataSpec) -> None:
        self._model = model
        self._part = plain(part, spec)
        self._spec = spec
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


def plain(model: keras.Model, spec: DataSpec) -> keras.Model:
    """Returns a model of Keras' own classes over the same layers, where that is possible.

    Args:
        model: Any model.
        spec: The form of the data, for a model that was never given inputs.
    """
    own_class = type(model).__module__.partition(".")[0] != "keras"
    if not own_class and _is_plain(model.get_compile_config()):
        return model
    if getattr(model, "inputs", None):
        return keras.Model(*ends(model), name=model.name)
    try:
        inputs = keras.Input(spec.input_shape)
        # Its `call` on a symbolic input leaves its layers behind, without the class around them.
        return keras.Model(inputs, model.call(inputs), name=model.name)
    except Exception as error:  # noqa: BLE001 - whatever the user's own `call` raises
        warnings.warn(
            f"{type(model).__name__} is saved as it is, and best.keras opens only where that class "
            f"can be imported: its `call` is not made of Keras layers and keras.ops ({error})",
            stacklevel=2,
        )
        return model


def ends(model: keras.Model) -> tuple[Any, Any]:
    """Returns the inputs and outputs of a model that is made of them."""
    if isinstance(model, keras.Sequential):  # which knows its `input` only once it was called
        return model.inputs[0], model.outputs[0]
    return model.input, model.output


def part_named(model: keras.Model, name: str | None) -> keras.Model:
    """Returns an attribute of a model, or the model itself.

    Raises:
        ConfigError: If there is no such attribute, or if it is no model.
    """
    if name is None:
        return model
    part = getattr(model, name, None)
    if isinstance(part, keras.Model):
        return part
    parts = [key for key, value in vars(model).items() if isinstance(value, keras.Model)]
    expected = f"an attribute of {type(model).__name__} that is a model: {', '.join(parts) or '-'}"
    raise ConfigError([Problem("model.saved", name, expected, did_you_mean(name, parts))])


def _is_plain(compiled: Any) -> bool:
    """Whether what a model was compiled with can be reloaded without other packages than Keras."""
    if isinstance(compiled, list | tuple):
        return all(map(_is_plain, compiled))
    if not isinstance(compiled, dict):
        return True
    module = str(compiled.get("module") or "keras").partition(".")[0]
    if module not in ("keras", "builtins") or compiled.get("registered_name") == "function":
        return False  # a function may be anybody's
    return all(map(_is_plain, compiled.values()))


def _compute_the_same(first: keras.Model, second: keras.Model, spec: DataSpec) -> bool:
    generator = np.random.default_rng(0)

    def example(tensor: Any) -> Any:
        size = [2, *(length or OPEN_DIMENSION for length in tensor.shape[1:])]
        return generator.random(size).astype(tensor.dtype)

    has_inputs = bool(getattr(first, "inputs", None))
    symbolic = ends(first)[0] if has_inputs else keras.Input(spec.input_shape)
    inputs = keras.tree.map_structure(example, symbolic)
    outputs = (keras.tree.flatten(model(inputs, training=False)) for model in (first, second))
    pairs = zip(*outputs, strict=True)
    return all(np.allclose(a, b, rtol=1e-4, atol=1e-4, equal_nan=True) for a, b in pairs)
