"""What `altitude.internals` uses of a library is there; if not, the message says what is gone."""

from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest

PROBES = (
    ("keras", "keras:Model", "_flatten_layers", "keras.all_layers"),
    ("keras", "keras:Model", "_symbolic_build", "keras.build_from_batch"),
    ("keras", "keras:Model", "_maybe_symbolic_build", "keras.set_first_build"),
    ("keras", "keras:optimizers.MultiOptimizer", "_var_key", "keras_optimizers"),
    ("keras", "keras:optimizers.MultiOptimizer", "_check_variables_are_known", "keras_optimizers"),
    (
        "tensorflow",
        "tensorflow.python.eager.polymorphic_function.polymorphic_function:"
        "_frequent_tracing_detector_manager",
        "_detectors",
        "tensorflow.forget_traces",
    ),
    (
        "tensorflow",
        "tensorflow.python.framework.ops:gradient_registry",
        "_registry",
        "tensorflow.custom_gradients",
    ),
    ("tensorflow", "tensorflow.python.framework:op_def_registry", "get", "tensorflow"),
    ("hydra-core", "hydra._internal.hydra:Hydra", "compose_config", "hydra.hydra_with"),
    ("hydra-core", "hydra._internal.utils:create_config_search_path", "__call__", "hydra"),
    ("hydra-core", "hydra._internal.utils:get_args_parser", "__call__", "hydra"),
    ("hydra-core", "hydra.core.global_hydra:GlobalHydra", "instance", "hydra.hydra_with"),
    ("hydra-core", "hydra.core.utils:JobReturn", "_return_value", "hydra.returned_by"),
    ("hydra-core", "hydra.core.config_store:ConfigStore", "_load", "hydra_loading"),
    ("hydra-core", "hydra.plugins.config_source:ConfigSource", "_normalize_file_name", "..."),
    (
        "hydra-core",
        "hydra._internal.config_loader_impl:ConfigLoaderImpl",
        "_compose_config_from_defaults_list",
        "hydra_loading.CachingLoader",
    ),
    (
        "hydra-core",
        "hydra._internal.config_repository:ConfigRepository",
        "_find_object_source",
        "hydra_loading.CachingRepository",
    ),
)
"""Distribution, module and object, attribute, and what of `altitude.internals` uses it."""


@pytest.mark.parametrize(("library", "owner", "name", "user"), PROBES, ids=lambda value: value)
def test_an_attribute_is_there(library: str, owner: str, name: str, user: str) -> None:
    gone = (
        f"{library} {version(library)} has no {owner.replace(':', '.')}.{name} any more, which "
        f"altitude.internals.{user} uses: find what has taken its place"
    )
    module, _, path = owner.partition(":")
    try:
        found: Any = import_module(module)
        for part in (*path.split("."), name):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise AssertionError(gone) from error


def test_attributes_of_a_model_that_was_built() -> None:
    import keras

    from altitude.internals.keras import VOLATILE, all_layers, output_layer

    inner = keras.Sequential([keras.layers.Dense(2, name="inside")])
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(2, name="last")])
    message = f"Keras {keras.__version__} describes its models in another way: altitude.internals"
    assert {"inside", "last"} <= {layer.name for layer in all_layers(model)}, message
    assert model not in all_layers(model, include_self=False), message
    assert output_layer(model).name == "last", message
    functional = keras.Model(model.inputs, model.outputs)
    assert all(hasattr(functional, name) for name in VOLATILE), f"{message}.keras.VOLATILE"


def test_attributes_of_an_optimizer_that_was_built() -> None:
    import keras

    from altitude.internals.keras import inner_optimizers
    from altitude.internals.keras_optimizers import DividedOptimizer

    first, second = keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25)
    variables = [keras.Variable([1.0], name="a"), keras.Variable([1.0], name="b")]
    optimizer = DividedOptimizer(lambda v: first if v.name == "a" else second)
    optimizer.build(variables)
    optimizer.apply([keras.ops.ones(1)], [variables[1]])
    message = f"Keras {keras.__version__} has changed MultiOptimizer: altitude.internals"
    assert [float(v.value[0]) for v in variables] == [1.0, 0.75], message
    assert list(inner_optimizers(optimizer)) == [first, second], message
    assert int(optimizer.iterations) == 1, message


def test_operations_of_tensorflow() -> None:
    from altitude.internals.tensorflow import (
        custom_gradients,
        forget_traces,
        is_known_and_stateless,
    )

    forget_traces()
    assert isinstance(custom_gradients(), dict)
    assert is_known_and_stateless("AddV2")
    assert not is_known_and_stateless("RandomUniform")
    assert not is_known_and_stateless("NoSuchOperation")


def test_a_trial_is_gone_on_with() -> None:
    import optuna

    from altitude.internals.optuna import reopened

    study = optuna.create_study()
    trial = study.ask()
    known = study.get_trials(deepcopy=False)[0]
    assert hasattr(known, "_trial_id"), (
        f"Optuna {optuna.__version__}: a FrozenTrial has no _trial_id any more, which "
        "altitude.internals.optuna.reopened uses"
    )
    again = reopened(study, known)
    assert again.number == trial.number
    again.report(0.5, step=1)
    assert study.get_trials()[0].intermediate_values == {1: 0.5}
