"""The plain part of a model: Keras' own classes alone, with the scaling of the data in front."""

import warnings
from typing import Any

import keras
import numpy as np

from altitude.data.spec import DataSpec
from altitude.errors import ConfigError, Problem, did_you_mean
from altitude.models.layers import inputs_and_outputs

SCALING = "scaling"
"""Name of the layer that divides the data as they are stored."""


def plain(
    model: keras.Model, spec: DataSpec, divisor: float = 1.0, inputs: Any = None
) -> keras.Model:
    """Returns a model of Keras' own classes over the same layers, where that is possible.

    Args:
        model: Any model.
        spec: The form of the data, for a model that was never given inputs.
        divisor: What inputs are divided by before they reach the model. The division becomes part
            of the model that is returned, which then takes the data as they are stored.
        inputs: The structure of a batch's inputs, as `tf.TensorSpec`s; None for one tensor.
    """
    own_class = type(model).__module__.partition(".")[0] != "keras"
    reloadable = not own_class and is_plain(model.get_compile_config())
    if reloadable and divisor == 1:
        return model
    if getattr(model, "inputs", None):
        network = _behind_scaling(keras.Model(*inputs_and_outputs(model), name=model.name), divisor)
        return _compiled_like(model, network) if reloadable else network
    try:
        symbolic = _symbolic(spec, inputs)
        # Its `call` on a symbolic input leaves its layers behind, without the class around them.
        return keras.Model(symbolic, model.call(_scaled(symbolic, divisor)), name=model.name)
    except Exception as error:  # noqa: BLE001 - whatever the user's own `call` raises
        warnings.warn(
            f"{type(model).__name__} is saved as it is, and best.keras opens only where that class "
            f"can be imported: its `call` is not made of Keras layers and keras.ops ({error})",
            stacklevel=2,
        )
        return _around(model, _symbolic(spec, inputs), divisor)


def part_named(model: keras.Model, name: str | None) -> keras.Model:
    """Returns an attribute of a model, or the model itself.

    Args:
        model: The model.
        name: The name of the attribute; None for the model itself.

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


def takes_data(part: keras.Model, model: keras.Model, spec: DataSpec) -> bool:
    """Returns whether a part of a model takes the data's inputs, rather than a latent vector.

    Args:
        part: The part to be saved.
        model: The model as a whole.
        spec: The shapes of the data.
    """
    tensors = getattr(part, "inputs", None)
    if not tensors:
        return part is model
    same = [*map(id, tensors)] == [*map(id, getattr(model, "inputs", None) or ())]
    shape = tuple(tensors[0].shape[1:])
    # Keras adds or drops a last dimension of one where that makes the shapes agree.
    fits = shape in (spec.input_shape, (*spec.input_shape, 1)) or (*shape, 1) == spec.input_shape
    return same and len(tensors) == 1 and fits


def is_scaled(part: keras.Model) -> bool:
    """Returns whether a model includes the scaling of the data.

    Args:
        part: The part to be saved.
    """
    return any(layer.name == SCALING for layer in part.layers)


def is_plain(config: Any) -> bool:
    """Returns whether what a config describes can be reloaded with Keras alone.

    Args:
        config: What Keras' `serialize_keras_object` returned.
    """
    if isinstance(config, list | tuple):
        return all(map(is_plain, config))
    if not isinstance(config, dict):
        return True
    module = str(config.get("module") or "keras").partition(".")[0]
    if module not in ("keras", "builtins") or config.get("registered_name") == "function":
        return False  # a function may be the user's own
    return all(map(is_plain, config.values()))


def _scaled(inputs: Any, divisor: float) -> Any:
    """Divides as the pipeline does, bit for bit: Rescaling would multiply by the reciprocal."""
    if divisor == 1:
        return inputs
    variance = float(np.square(np.float32(divisor)))  # its square root is the divisor, exactly
    layer = keras.layers.Normalization(
        axis=None, mean=0.0, variance=variance, dtype="float32", name=SCALING
    )
    return layer(inputs)


def _behind_scaling(network: keras.Model, divisor: float) -> keras.Model:
    if divisor == 1:
        return network
    (tensor,) = network.inputs
    inputs = keras.Input(tensor.shape[1:], name=tensor.name)
    return keras.Model(inputs, network.call(_scaled(inputs, divisor)), name=network.name)


def _symbolic(spec: DataSpec, inputs: Any) -> Any:
    if inputs is None:
        return keras.Input(spec.input_shape)
    if isinstance(inputs, dict):  # Keras requires tensors to have the names of their keys
        return {name: _input(spec, name) for name, spec in inputs.items()}
    return keras.tree.map_structure(_input, inputs)


def _input(spec: Any, name: str | None = None) -> Any:
    return keras.Input(spec.shape[1:], dtype=spec.dtype.name, name=name)


def _around(model: keras.Model, inputs: Any, divisor: float) -> keras.Model:
    """A model of the user's own class as the only layer behind the scaling, if it can be one."""
    try:
        outputs = model(_scaled(inputs, divisor))  # which builds it, too
    except Exception:  # noqa: BLE001 - a class that takes other inputs is saved without scaling
        return model
    return model if divisor == 1 else keras.Model(inputs, outputs, name=model.name)


def _compiled_like(model: keras.Model, network: keras.Model) -> keras.Model:
    """Compiles a network with the very optimizer of a model, so that both are saved with it."""
    variables = ([*map(id, part.trainable_variables)] for part in (model, network))
    if not model.compiled or next(variables) != next(variables):
        return network
    config = model.get_compile_config()
    arguments = keras.saving.deserialize_keras_object({**config, "optimizer": None})
    network.compile(**{**arguments, "optimizer": model.optimizer})
    return network
