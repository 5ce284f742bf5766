"""Runs exported models on a batch, one function a format.

Each takes the path of the model and inputs (examples, ...), and returns its outputs as arrays.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

import numpy as np

from altitude.data.arrays import Array
from altitude.lazy import keras, tf


def run_saved_model(path: Path, x: Array) -> list[Array]:
    """Runs a SavedModel by its endpoint `serve`.

    Args:
        path: The folder.
        x: The inputs.

    Returns:
        The outputs.
    """
    loaded = tf.saved_model.load(str(path))  # its variables live as long as it does
    return [np.asarray(part) for part in keras.tree.flatten(loaded.serve(tf.constant(x)))]


def run_litert(path: Path, x: Array) -> list[Array]:
    """Runs a LiteRT model by TensorFlow's interpreter.

    Args:
        path: The `.tflite` file.
        x: The inputs.

    Returns:
        The outputs.
    """
    operations = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with warnings.catch_warnings():  # it is to move to a package of its own after TensorFlow 2.21
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter")
        interpreter = tf.lite.Interpreter(str(path), experimental_op_resolver_type=operations)
    (taken,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(taken["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], x.astype(taken["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]


def run_onnx(path: Path, x: Array) -> list[Array]:
    """Runs an ONNX model by ONNX Runtime on the CPU.

    Args:
        path: The `.onnx` file.
        x: The inputs.

    Returns:
        The outputs.
    """
    session = import_module("onnxruntime").InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    (taken,) = session.get_inputs()
    return [np.asarray(part) for part in session.run(None, {taken.name: x})]


def run_openvino(path: Path, x: Array) -> list[Array]:
    """Runs an OpenVINO model on the CPU.

    Args:
        path: The `.xml` file, with its weights beside it.
        x: The inputs.

    Returns:
        The outputs.
    """
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # where the CPU has them, the default is bfloat16
    compiled = import_module("openvino").Core().compile_model(str(path), "CPU", exact)
    results = compiled([x])
    return [np.asarray(results[output]) for output in compiled.outputs]
