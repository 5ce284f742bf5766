"""Private names of TensorFlow, which are imported when they are called."""

from importlib import import_module
from typing import Any

DETECTOR = "tensorflow.python.eager.polymorphic_function.polymorphic_function"
OPERATIONS = "tensorflow.python.framework.op_def_registry"
REGISTRY = "tensorflow.python.framework.ops"


def forget_traces() -> None:
    """Makes TensorFlow count the traces of each run separately.

    It counts them by line of code, so that it takes the first traces of many runs, each of a model
    of its own, for one function that is traced again and again, and warns.
    """
    import_module(DETECTOR)._frequent_tracing_detector_manager._detectors.clear()


def custom_gradients() -> dict[str, Any]:
    """Returns the gradients of functions traced in this process, each of which holds its graph.

    Keras' optimizers leave one in every graph of a training step. Nothing takes it out again.
    """
    registry: dict[str, Any] = import_module(REGISTRY).gradient_registry._registry
    return registry


def is_known_and_stateless(operation: str) -> bool:
    """Returns whether an operation is known, and holds no state of its own.

    Args:
        operation: The type of the operation, such as `MatMul`.
    """
    definition = import_module(OPERATIONS).get(operation)
    return definition is not None and not definition.is_stateful
