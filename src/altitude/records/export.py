"""Exports the best model of a run to other formats, and compares what it puts out there."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from altitude.data.arrays import Array
from altitude.errors import ConfigError, Problem
from altitude.internals.keras import all_layers
from altitude.lazy import keras
from altitude.records.exported import run_litert, run_onnx, run_openvino, run_saved_model

EXAMPLES, SEED = 8, 0
"""The random inputs on which an exported model is compared with the original."""

TOLERANCE = 1e-3
"""The largest difference of outputs, in proportion to the largest output, that is accepted."""


@dataclass(frozen=True)
class Format:
    """A format that a model is exported to.

    Attributes:
        keras_name: What Keras calls it.
        suffix: The ending of the file; empty for a folder.
        run: Runs an exported model on a batch, and returns its outputs.
        packages: The modules that it needs beyond those of this project.
    """

    keras_name: str
    suffix: str
    run: Callable[[Path, Array], list[Array]]
    packages: tuple[str, ...] = ()


FORMATS: Mapping[str, Format] = {
    "saved_model": Format("tf_saved_model", "", run_saved_model),
    "litert": Format("litert", ".tflite", run_litert),
    "onnx": Format("onnx", ".onnx", run_onnx, ("onnx", "onnxruntime", "tf2onnx")),
    "openvino": Format("openvino", ".xml", run_openvino, ("openvino",)),
}
"""The formats by name."""


@dataclass(frozen=True)
class Exported:
    """An exported model.

    Attributes:
        path: The file or folder.
        difference: The largest difference between its outputs and those of the original.
        scale: The largest output of the original.
    """

    path: Path
    difference: float
    scale: float

    @property
    def agrees(self) -> bool:
        """Whether the outputs are those of the original, but for rounding."""
        return self.difference <= TOLERANCE * max(1.0, self.scale)


def require_packages(name: str) -> None:
    """Checks that what a format needs is installed.

    Args:
        name: The name of the format.

    Raises:
        ConfigError: If a package is missing.
    """
    missing = [package for package in FORMATS[name].packages if find_spec(package) is None]
    if missing:
        expected = f"{', '.join(missing)} installed"
        instead = f"pip install 'keras-altitude[{name}]'"
        raise ConfigError([Problem("--format", name, expected, instead)])


def default_path(model: Path, name: str) -> Path:
    """Returns where a model is exported to by default, in the working folder.

    Args:
        model: The `.keras` file.
        name: The name of the format.
    """
    suffix = FORMATS[name].suffix
    return Path(f"{model.stem}{suffix}" if suffix else f"{model.stem}_{name}")


def export_model(model: keras.Model, path: Path, name: str) -> Exported:
    """Exports a model, and runs both on the same random inputs.

    Args:
        model: The model, with one input.
        path: The file or folder to write, which must not exist.
        name: The name of the format.

    Returns:
        Where it is, and how much its outputs differ.

    Raises:
        ConfigError: If there is something at `path`, its ending is that of another format, or the
            model has several inputs.
    """
    chosen = FORMATS[name]
    _make_statistics_constant(model)
    _require_path(path, chosen)
    if len(model.inputs) != 1:
        given = f"a model with {len(model.inputs)} inputs"
        raise ConfigError([Problem("RUN", given, "a model with one input")])
    x = _random_inputs(model)
    expected = [np.asarray(part) for part in keras.tree.flatten(model.predict(x, verbose=0))]
    try:
        with warnings.catch_warnings():  # of the converters
            warnings.simplefilter("ignore", FutureWarning)
            model.export(str(path), format=chosen.keras_name, verbose=False)
        found = chosen.run(path, x)
    except BaseException:
        _remove(path)
        raise
    difference = max(_difference(a, b) for a, b in zip(found, expected, strict=True))
    return Exported(path, difference, max(float(np.abs(part).max()) for part in expected))


def _require_path(path: Path, chosen: Format) -> None:
    if path.exists():
        raise ConfigError([Problem("-o", f"{path}, which is there", "a path that is free")])
    if path.suffix != chosen.suffix and chosen.suffix:
        expected = f"a file that ends in {chosen.suffix}"
        instead = str(path.with_suffix(chosen.suffix))
        raise ConfigError([Problem("-o", str(path), expected, instead)])
    if not path.parent.is_dir():
        raise ConfigError([Problem("-o", str(path), f"a folder {path.parent} that is there")])


def _make_statistics_constant(model: keras.Model) -> None:
    """Has normalisation layers keep their statistics as NumPy arrays.

    As tensors of TensorFlow, converters take them for further inputs of the model.
    """
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.Normalization) and layer.mean is not None:
            layer.mean = keras.ops.convert_to_numpy(layer.mean)
            layer.variance = keras.ops.convert_to_numpy(layer.variance)


def _random_inputs(model: keras.Model) -> Array:
    """Inputs of the model's shape and dtype: bytes where it takes whole numbers."""
    (template,) = model.inputs
    shape = (EXAMPLES, *(1 if size is None else size for size in template.shape[1:]))
    generator = np.random.default_rng(SEED)
    dtype = np.dtype(keras.backend.standardize_dtype(template.dtype))
    if dtype.kind in "iu":
        return generator.integers(0, 256, shape).astype(dtype)
    return generator.normal(size=shape).astype(dtype)


def _difference(found: Array, expected: Array) -> float:
    if found.shape != expected.shape:
        return float("inf")
    difference = np.abs(found.astype(np.float64) - expected.astype(np.float64)).max()
    return float(np.nan_to_num(difference, nan=np.inf))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
